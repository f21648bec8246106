/** A person takes over: says who answers, brings their messages, and says when the bot is back. */
import css from './people.css';

export { css };

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;

export function create({ api, session, store, actions, emit, h, t }) {
  const line = h('p', { class: 'people', role: 'status' });
  const say = (words) => {
    line.textContent = words;
  };
  const nameOf = ({ name }) => ({ name: name || t('Our team') });
  const listening = new AbortController();
  let lastId = '';
  let token = null;

  let agent = null;

  const onEvent = {
    'conversation.state': (data) => {
      if (data.agent) say(t('{name} answers you now.', nameOf(data.agent)));
      else if (agent) {
        say(t('{name} has left; the assistant answers again.', nameOf(agent)));
        token = null;
      }
      agent = data.agent;
    },
    message: ({ message_id: messageId, role, content, author }) => {
      const isKnown = store.get().messages.some((each) => each.messageId === messageId);
      if (isKnown || role === 'visitor') return;
      actions.tools.add({ role, text: content, messageId, ...(role === 'agent' && nameOf({ name: author })) });
      emit('message', { role, message_id: messageId, content });
    },
  };

  async function listen() {
    let pauseMs = FIRST_PAUSE_MS;
    while (token && token === session.get() && !listening.signal.aborted) {
      const headers = { Accept: 'text/event-stream', ...(lastId && { 'Last-Event-ID': lastId }) };
      try {
        const response = await api.request(`events?session_id=${encodeURIComponent(token)}`, { headers, signal: listening.signal });
        for await (const { event, data, id } of api.readEvents(response.body)) {
          pauseMs = FIRST_PAUSE_MS;
          lastId = id || lastId;
          onEvent[event]?.(data);
          if (!token || token !== session.get()) break;
        }
      } catch (failure) {
        if (failure.kind === 'not_found' || failure.kind === 'refused') break;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    token = null;
  }

  return {
    element: line,
    update(people) {
      if (!people) {
        token = null;
        say('');
      } else if (!token) {
        token = session.get();
        agent = people.agent;
        say(agent ? t('{name} answers you now.', nameOf(agent)) : t('Please wait, a person is coming.'));
        listen();
      }
    },
    destroy: () => listening.abort(),
  };
}

/**
 * What every visitor can do, as changes of the state: ask, stop, start over. The rest is in later.js.
 * Between api and view; knows neither the DOM nor the wire.
 *
 * state: {messages: [{id, role: visitor|bot|agent, text, citations, state, failure}], status: idle|sending|streaming,
 *         card: citation|null, lead: form|null, ask: {kind, options}|null, people: handoff|null}
 * message state: waiting → streaming → done | stopped | failed; a visitor's: queued → done
 */
import { newKey } from './api.js';

export const MAX_CHARACTERS = 4000;

export const EMPTY = { messages: [], status: 'idle', card: null, lead: null, ask: null, people: null };

export function createConversation({ store, api, session, emit, leadForm }) {
  let current = null;
  let lastId = 0;

  const add = (message) => {
    lastId += 1;
    store.set({ messages: [...store.get().messages, { citations: [], state: 'done', ...message, id: lastId }] });
    return lastId;
  };
  const change = (id, patch) => {
    const messages = store.get().messages.map((each) => (each.id === id ? { ...each, ...patch(each) } : each));
    store.set({ messages });
  };

  const onEvent = {
    'run.started': (id, data, run) => {
      session.set(data.session_id);
      change(id, () => ({ messageId: data.message_id }));
      run.id = data.run_id;
      if (run.isStopped) end(run);
    },
    token: (id, { delta }) => {
      if (store.get().status === 'sending') store.set({ status: 'streaming' });
      change(id, ({ text }) => ({ text: text + delta, state: 'streaming' }));
    },
    citation: (id, data) => {
      change(id, ({ citations }) => ({ citations: [...citations.filter((one) => one.index !== data.index), data] }));
    },
    'lead.request': (id, data) => store.set({ lead: { ...leadForm, ...data } }),
    handoff: (id, data) => store.set({ people: data }),
    'run.finished': (id, data) => {
      session.set(data.session_id);
      change(id, ({ text, citations }) => ({
        text: data.response ?? text,
        citations: data.citations ?? citations,
        messageId: data.message_id,
        state: 'done',
      }));
      store.set({ ask: data.ask || null });
      // While a person answers, the bot keeps silent.
      if (data.response === '') store.set({ messages: store.get().messages.filter((each) => each.id !== id) });
      else emit('message', { role: 'bot', message_id: data.message_id, content: data.response });
    },
  };

  /** question: {text, key}, as its message keeps it. */
  async function answer({ text, key = newKey() }) {
    const run = new AbortController();
    const { signal } = run;
    current = run;
    const id = add({ role: 'bot', text: '', state: 'waiting' });
    const token = session.get();
    store.set({ status: 'sending', ask: null });
    try {
      await api.chat({ message: text, ...(token && { session_id: token }), key, signal }, (event, data) => {
        if (!signal.aborted) onEvent[event]?.(id, data, run);
      });
    } catch ({ kind = 'server', code = 'unexpected' }) {
      change(id, () => (signal.aborted ? { state: 'stopped' } : { state: 'failed', failure: kind }));
      if (!signal.aborted) emit('error', { code, kind });
    }
    if (current !== run) return;
    store.set({ status: 'idle' });
    offerLeadForm();
  }

  /** The host is told, as an answer goes on without a listener; the visitor need not wait for that. */
  function end(run) {
    api.stopRun(run.id).catch(() => {});
    run.abort();
  }

  function stop() {
    if (!current) return;
    // Before it has a name an answer cannot be stopped, so the first click waits for the name and a second gives up.
    if (current.id) end(current);
    else if (current.isStopped) current.abort();
    current.isStopped = true;
  }

  function offerLeadForm() {
    const { lead, messages } = store.get();
    const answers = messages.filter(({ role, state }) => role === 'bot' && state === 'done').length;
    if (leadForm && !lead && leadForm.when !== 'request' && answers === (leadForm.after_messages || 1)) store.set({ lead: leadForm });
  }

  return {
    async send(raw) {
      const text = raw.trim().slice(0, MAX_CHARACTERS);
      if (!text || store.get().status !== 'idle') return;
      const question = { role: 'visitor', text, key: newKey() };
      const isQueued = !navigator.onLine || store.get().messages.some(({ state }) => state === 'queued');
      add(isQueued ? { ...question, state: 'queued' } : question);
      emit('message', { role: 'visitor', content: text });
      if (!isQueued) await answer(question);
    },
    stop,
    restart() {
      stop();
      current?.abort();
      current = null;
      session.clear();
      store.set(EMPTY);
    },
    showCard: (card) => store.set({ card }),
    dismissLead: () => store.set({ lead: { state: 'dismissed' } }),
    tools: { add, change, answer },
  };
}

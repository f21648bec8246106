/**
 * What the visitor can do, as changes of the state: ask, stop, retry, start over, come back, leave contact details.
 * Between api and view; knows neither the DOM nor the wire.
 *
 * state: {messages: [{id, role: visitor|bot, text, citations, state, failure}], status: idle|sending|streaming,
 *         card: citation|null, lead: form|null}
 * message state: waiting → streaming → done | stopped | failed
 */
export const MAX_CHARACTERS = 4000;

export const EMPTY = { messages: [], status: 'idle', card: null, lead: null };

export function createConversation({ store, api, session, emit, leadForm }) {
  let current = null;
  let lastId = 0;

  const add = (message) => {
    lastId += 1;
    store.set({ messages: [...store.get().messages, { id: lastId, citations: [], state: 'done', ...message }] });
    return lastId;
  };
  const change = (id, patch) => {
    const messages = store.get().messages.map((each) => (each.id === id ? { ...each, ...patch(each) } : each));
    store.set({ messages });
  };

  const onEvent = {
    'run.started': (id, data) => session.set(data.session_id),
    token: (id, { delta }) => {
      if (store.get().status === 'sending') store.set({ status: 'streaming' });
      change(id, ({ text }) => ({ text: text + delta, state: 'streaming' }));
    },
    citation: (id, data) => {
      change(id, ({ citations }) => ({ citations: [...citations.filter((one) => one.index !== data.index), data] }));
    },
    'lead.request': (id, data) => store.set({ lead: { ...leadForm, ...data } }),
    'run.finished': (id, data) => {
      session.set(data.session_id);
      change(id, ({ text, citations }) => ({
        text: data.response ?? text,
        citations: data.citations ?? citations,
        messageId: data.message_id,
        state: 'done',
      }));
      emit('message', { role: 'bot', message_id: data.message_id, content: data.response });
    },
  };

  async function answer(text) {
    const run = new AbortController();
    current = run;
    const id = add({ role: 'bot', text: '', state: 'waiting' });
    store.set({ status: 'sending' });
    try {
      await api.chat({ message: text, sessionId: session.get(), signal: run.signal }, (event, data) => {
        if (!run.signal.aborted) onEvent[event]?.(id, data);
      });
    } catch (failure) {
      if (run.signal.aborted) change(id, () => ({ state: 'stopped' }));
      else fail(id, failure);
    }
    if (current !== run) return;
    store.set({ status: 'idle' });
    offerLeadForm();
  }

  function fail(id, { kind = 'server', code = 'unexpected' }) {
    change(id, () => ({ state: 'failed', failure: kind }));
    emit('error', { code, kind });
  }

  function offerLeadForm() {
    const { lead, messages } = store.get();
    const isFirstAnswer = messages.length === 2 && messages[1].state === 'done';
    if (leadForm && !lead && isFirstAnswer) store.set({ lead: leadForm });
  }

  return {
    async send(raw) {
      const text = raw.trim().slice(0, MAX_CHARACTERS);
      if (!text || store.get().status !== 'idle') return;
      add({ role: 'visitor', text });
      emit('message', { role: 'visitor', content: text });
      await answer(text);
    },
    stop: () => current?.abort(),
    async retry() {
      const { messages, status } = store.get();
      const question = messages.at(-2);
      if (status !== 'idle' || question?.role !== 'visitor') return;
      store.set({ messages: messages.slice(0, -1) });
      await answer(question.text);
    },
    restart() {
      current?.abort();
      current = null;
      session.clear();
      store.set(EMPTY);
    },
    async restore() {
      if (!session.get()) return;
      const items = await api.loadHistory(session.get()).catch((failure) => {
        // A session the host does not know any more is over; anything else may pass, so the token stays.
        if (failure.kind === 'not_found' || failure.kind === 'refused') session.clear();
        return [];
      });
      if (store.get().messages.length) return;
      for (const { role, content, citations, message_id: messageId } of items) {
        add({ role, text: content, citations: citations || [], messageId });
      }
    },
    /** rating: up | down. Shown at once, taken back when the host does not take it. */
    rate({ id, messageId, rating: before }, rating) {
      change(id, () => ({ rating }));
      const body = { session_id: session.get(), message_id: messageId, rating };
      return api.sendFeedback(body).catch(() => change(id, () => ({ rating: before })));
    },
    showCard: (card) => store.set({ card }),
    async submitLead(fields) {
      const become = (state) => store.set({ lead: { ...store.get().lead, state } });
      become('sending');
      try {
        await api.sendLead({ session_id: session.get(), fields, consent: true });
        become('sent');
        emit('lead', { fields });
      } catch (failure) {
        become(failure.kind || 'server');
      }
    },
    dismissLead: () => store.set({ lead: { state: 'dismissed' } }),
  };
}

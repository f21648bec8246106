/**
 * What a first chat rarely needs, fetched when it is first wanted: this index, then the part itself and its stylesheet.
 * The panel hands in its own helpers; an import would make the bundler split them off into one more request for all.
 *
 * A part exports create(options and helpers) → {element, …} and css.
 */
const PARTS = {
  ask: () => import('./view/ask.js'),
  card: () => import('./view/card.js'),
  consent: () => import('./view/consent.js'),
  feedback: () => import('./view/feedback.js'),
  history: () => import('./view/history.js'),
  lead: () => import('./view/lead.js'),
  people: () => import('./view/people.js'),
  trouble: () => import('./view/trouble.js'),
};

/** Failures after which nobody knows whether the question has arrived: it is sent again under the same name. */
const UNSURE = ['offline', 'interrupted'];

/** shared: see view/panel.js. */
export function create(shared) {
  const { store, actions, root, addSheet, setAfter, setGate, overlay, focus } = shared;
  const { add, answer } = actions.tools;
  const made = {};
  const dressed = new Set();
  let opener, leadForm;

  /** A new part; null when it cannot be fetched, as the chat goes on without. */
  const part = async (name, options) => {
    const found = await PARTS[name]().catch(() => null);
    if (!found) return null;
    if (!dressed.has(name)) addSheet(root, found.css);
    dressed.add(name);
    return found.create({ ...shared, ...options, part, retry });
  };

  /** A part of which there is one. */
  const only = async (name) => {
    made[name] ||= part(name);
    const one = await made[name];
    if (!one) made[name] = null;
    return one;
  };

  async function retry() {
    const { messages, status } = store.get();
    const [question, failed] = messages.slice(-2);
    if (status !== 'idle' || question?.role !== 'visitor') return;
    store.set({ messages: messages.slice(0, -1) });
    await answer({ ...question, key: UNSURE.includes(failed.failure) ? question.key : undefined });
  }

  /** Ask what was written without a network, one after the other. */
  async function sendQueued() {
    for (;;) {
      const { messages, status } = store.get();
      const queued = messages.find(({ state }) => state === 'queued');
      if (!queued || status !== 'idle' || !navigator.onLine) return;
      store.set({ messages: messages.filter((each) => each !== queued) });
      add({ ...queued, state: 'done' });
      await answer(queued);
    }
  }

  return {
    async card(options) {
      if (!options) {
        overlay.replaceChildren();
        opener?.focus();
        return;
      }
      opener = root.activeElement;
      const card = await part('card', { ...options, onClose: () => actions.showCard(null) });
      if (!card || store.get().card !== options) return;
      overlay.replaceChildren(card.element);
      card.focus();
    },
    /** lead: null, or the form with state undefined | sending | sent | dismissed | a kind of failure. */
    async lead(lead) {
      setGate('lead', lead?.is_required && lead.state !== 'sent');
      if (!lead || lead.state === 'dismissed') {
        leadForm = null;
        setAfter('lead');
        return;
      }
      leadForm ||= part('lead', { lead }).then((form) => {
        setAfter('lead', form?.element);
        return form;
      });
      (await leadForm)?.update(lead);
    },
    async ask(ask) {
      setAfter('ask');
      if (ask) setAfter('ask', (await part('ask', { ask }))?.element);
    },
    async people(people) {
      const one = await only('people');
      setAfter('people', one?.element);
      one?.update(people);
    },
    async consent(consent, onAgree) {
      setGate('consent', true);
      const onDone = () => {
        setAfter('consent');
        setGate('consent', false);
        focus();
        onAgree();
      };
      setAfter('consent', (await part('consent', { consent, onAgree: onDone }))?.element);
    },
    trouble: (kind) => part('trouble', { kind }),
    feedback: async (action, ...rest) => (await only('feedback'))?.[action](...rest),
    async catchUp() {
      await sendQueued();
      await (await only('history'))?.catchUp();
    },
    leave: async () => (await only('history'))?.leave(),
    destroy: async () => (await made.people)?.destroy(),
  };
}

const WORDS = {
  ar: () => import('./words/ar.json'),
  de: () => import('./words/de.json'),
  es: () => import('./words/es.json'),
  fr: () => import('./words/fr.json'),
  he: () => import('./words/he.json'),
  it: () => import('./words/it.json'),
  ja: () => import('./words/ja.json'),
  nl: () => import('./words/nl.json'),
  pl: () => import('./words/pl.json'),
  pt: () => import('./words/pt.json'),
  zh: () => import('./words/zh.json'),
};

/** The catalogue of a language, undefined when we do not speak it. */
export const loadWords = async (language) => Object.hasOwn(WORDS, language) && (await WORDS[language]()).default;

/** The conversation: greeting and suggestions when empty, else the messages; stays at the end unless scrolled away. */
import { createMessage } from './message.js';
import { h } from './kit.js';

const NEAR_END_PX = 80;

export function createMessages({ config, actions, use, t }) {
  const list = h('ol', { class: 'list' });
  const welcome = createWelcome({ config, actions, t });
  const after = h('div', { class: 'after' });
  const element = h(
    'div',
    { class: 'messages', role: 'region', 'aria-label': t('Conversation'), tabindex: '0' },
    welcome,
    list,
    after,
  );
  const slots = {};
  const shown = new Map();
  let scheduled = 0;

  /** Tokens come faster than frames: draw at most once per frame. */
  const update = (messages) => {
    pending = messages;
    scheduled ||= requestAnimationFrame(draw);
  };
  let pending = [];

  function draw() {
    scheduled = 0;
    const isNearEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    const hasNew = pending.some(({ id }) => !shown.has(id));
    welcome.classList.toggle('compact', pending.length > 0);
    const kept = new Set(pending.map(({ id }) => id));
    for (const [id, message] of shown) {
      if (kept.has(id)) continue;
      message.element.remove();
      shown.delete(id);
    }
    for (const message of pending) {
      if (!shown.has(message.id)) {
        const created = createMessage(message, { actions, use, t });
        shown.set(message.id, created);
        list.append(created.element);
      }
      shown.get(message.id).update(message);
    }
    if (isNearEnd || hasNew) toEnd();
  }

  const toEnd = () => {
    element.scrollTop = element.scrollHeight;
  };

  return {
    element,
    update,
    toEnd,
    /** What stands below the last message, one of each kind: contact form, controls, news of people. */
    setAfter(kind, node) {
      slots[kind]?.remove();
      slots[kind] = node;
      if (!node) return;
      after.append(node);
      toEnd();
    },
  };
}

function createWelcome({ config, actions, t }) {
  const questions = config.questions.map((text) =>
    h('button', { type: 'button', class: 'question', dir: 'auto', onclick: () => actions.send(text) }, text),
  );
  return h(
    'div',
    { class: 'welcome' },
    h('p', { class: 'greeting', dir: 'auto' }, config.greeting || t('Hello! How can I help you?')),
    questions.length > 0 && h('div', { class: 'questions' }, questions),
  );
}

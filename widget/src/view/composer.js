/** Where the visitor writes. Enter sends, Shift+Enter breaks the line, an input method may use Enter for itself. */
import { MAX_CHARACTERS } from '../conversation.js';
import { h, iconButton } from './kit.js';
import { SEND, STOP } from './icons.js';

const COUNTER_FROM = MAX_CHARACTERS - 400;

export function createComposer({ actions, t }) {
  const input = h('textarea', {
    rows: '1',
    maxlength: MAX_CHARACTERS,
    placeholder: t('Type your message…'),
    'aria-label': t('Message'),
    enterkeyhint: 'send',
    oninput: measure,
    onkeydown,
  });
  // A twin in CSS (::after) has the same text and so gives the box the height of its content.
  const grow = h('div', { class: 'grow' }, input);
  const counter = h('span', { class: 'counter' });
  const send = iconButton(SEND, t('Send'), submit, 'send');
  const stop = iconButton(STOP, t('Stop'), onstop, 'send stop');
  const element = h('form', { class: 'composer', onsubmit: (event) => event.preventDefault() }, grow, counter, send, stop);
  let status = 'idle';

  function onkeydown(event) {
    // 229 is how some browsers report the Enter that ends a composition.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  }

  function submit() {
    if (status !== 'idle' || !input.value.trim()) return;
    const text = input.value;
    input.value = '';
    measure();
    actions.send(text);
    input.focus();
  }

  function onstop() {
    actions.stop();
    input.focus();
  }

  function measure() {
    const { length } = input.value;
    grow.dataset.text = input.value;
    // An empty box would be taken for left to right, and its placeholder with it.
    input.dir = length ? 'auto' : '';
    counter.textContent = length >= COUNTER_FROM ? `${length} / ${MAX_CHARACTERS}` : '';
    send.disabled = !input.value.trim();
  }

  measure();
  return {
    element,
    focus: () => input.focus({ preventScroll: true }),
    update(next) {
      status = next;
      input.readOnly = status === 'sending';
      send.hidden = status !== 'idle';
      stop.hidden = status === 'idle';
    },
  };
}

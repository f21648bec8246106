/** What a chatflow waits for, as a control that fits: buttons, a date, a number. Writing the answer works as well. */
import css from './ask.css';

export { css };

const TYPES = { date: 'date', number: 'number', email: 'email', phone: 'tel' };

export function create({ ask: { kind, options }, actions, h, t }) {
  if (kind === 'choice') {
    const buttons = options.map((text) =>
      h('button', { type: 'button', class: 'question', dir: 'auto', onclick: () => actions.send(text) }, text),
    );
    return { element: h('div', { class: 'questions', role: 'group', 'aria-label': t('Choose one') }, buttons) };
  }
  if (!TYPES[kind]) return { element: null };
  const input = h('input', { type: TYPES[kind], required: true, step: 'any', maxlength: 300, 'aria-label': t('Your answer') });
  const onsubmit = (event) => {
    event.preventDefault();
    actions.send(input.value);
  };
  return { element: h('form', { class: 'ask', onsubmit }, input, h('button', { class: 'primary' }, t('Send'))) };
}

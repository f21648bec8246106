/** What went wrong, in words, with a button to try again. */
import css from './trouble.css';

export { css };

const AGAIN = 'M20 12a8 8 0 1 1-2.3-5.6L20 8.7M20 4v4.7h-4.7';
const FAILURES = {
  offline: 'You seem to be offline. Check your connection and try again.',
  rate_limited: 'Too many messages at once. Please wait a moment and try again.',
  refused: 'This chat is not available on this page.',
  not_found: 'This chat is no longer available.',
  interrupted: 'The connection was lost before the answer was complete.',
  server: 'Something went wrong on our side. Please try again.',
};

export function create({ kind, retry, h, icon, t }) {
  const words = t(FAILURES[kind] || FAILURES.server);
  return {
    words,
    element: h(
      'div',
      { class: 'failure', role: 'alert' },
      h('span', null, words),
      h('button', { type: 'button', class: 'retry', onclick: retry }, icon(AGAIN), t('Retry')),
    ),
  };
}

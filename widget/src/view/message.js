/** One message. A bot's message grows while it streams; its markers and chips open the passages they stand for. */
import { renderMarkdown } from '../markdown.js';
import { h, icon, iconButton } from './dom.js';
import { AGAIN, THUMB } from './icons.js';

const FAILURES = {
  offline: 'You seem to be offline. Check your connection and try again.',
  rate_limited: 'Too many messages at once. Please wait a moment and try again.',
  refused: 'This chat is not available on this page.',
  not_found: 'This chat is no longer available.',
  interrupted: 'The connection was lost before the answer was complete.',
  server: 'Something went wrong on our side. Please try again.',
};

const RATINGS = { up: 'Helpful', down: 'Not helpful' };

export const describeFailure = (kind, t) => t(FAILURES[kind] || FAILURES.server);

export function createMessage({ role }, { actions, t }) {
  const bubble = h('div', { class: 'bubble', dir: role === 'visitor' && 'auto' });
  const notes = h('div', { class: 'notes' });
  let shown = {};
  const thumbs = ['up', 'down'].map((rating) =>
    iconButton(THUMB, t(RATINGS[rating]), () => actions.rate(shown, rating), `ghost ${rating}`),
  );
  const feedback = h('div', { class: 'feedback' }, thumbs);
  const element = h('li', { class: `message ${role}` }, bubble, notes, feedback);

  const update = (message) => {
    if (message === shown) return;
    element.dataset.state = message.state;
    if (role === 'visitor') bubble.textContent = message.text;
    else if (message.text !== shown.text || message.citations !== shown.citations) drawAnswer(message);
    if (message.state === 'waiting') bubble.replaceChildren(typingDots(t));
    bubble.hidden = !message.text && message.state !== 'waiting';
    notes.replaceChildren(...drawNotes(message));
    // Only a message that the host knows by name can be rated: none that failed or was stopped.
    feedback.hidden = role === 'visitor' || !message.messageId;
    for (const thumb of thumbs) thumb.setAttribute('aria-pressed', thumb.classList.contains(message.rating));
    shown = message;
  };

  function drawAnswer({ text, citations }) {
    const cite = (index) => {
      const citation = citations.find((each) => each.index === index);
      return citation && marker(citation);
    };
    bubble.replaceChildren(renderMarkdown(text, { cite }));
  }

  function marker(citation) {
    const label = `${t('Source {index}', citation)}: ${citation.title}`;
    const onclick = () => actions.showCard(citation);
    return h('button', { type: 'button', class: 'marker', 'aria-label': label, title: citation.title, onclick }, `${citation.index}`);
  }

  function drawNotes({ state, failure, citations }) {
    if (state === 'done' && citations.length) return [sources(citations)];
    if (state === 'stopped') return [h('p', { class: 'note' }, t('Stopped.'))];
    if (state === 'failed') return [failureNote(failure)];
    return [];
  }

  function sources(citations) {
    const chips = citations.map((citation) =>
      h(
        'button',
        { type: 'button', class: 'chip', onclick: () => actions.showCard(citation) },
        h('span', { class: 'number' }, `${citation.index}`),
        h('span', { class: 'chip-title', dir: 'auto' }, citation.title),
        citation.page && h('span', { class: 'page' }, t('Page {page}', citation)),
      ),
    );
    return h('div', { class: 'sources' }, h('span', { class: 'label' }, t('Sources')), chips);
  }

  function failureNote(kind) {
    return h(
      'div',
      { class: 'failure', role: 'alert' },
      h('span', null, describeFailure(kind, t)),
      h('button', { type: 'button', class: 'retry', onclick: actions.retry }, icon(AGAIN), t('Retry')),
    );
  }

  return { element, update };
}

function typingDots(t) {
  return h('span', { class: 'typing', role: 'img', 'aria-label': t('Typing…') }, h('i'), h('i'), h('i'));
}

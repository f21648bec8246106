/** One message. A bot's message grows while it streams; its markers and chips open the passages they stand for. */
import { renderMarkdown } from '../markdown.js';
import { COPY, THUMB } from './icons.js';
import { h, iconButton } from './kit.js';

const RATINGS = { up: 'Helpful', down: 'Not helpful' };

export function createMessage({ role, name }, { actions, use, t }) {
  const bubble = h('div', { class: 'bubble', dir: role === 'visitor' && 'auto' });
  const notes = h('div', { class: 'notes' });
  let shown = {};
  const thumbs = ['up', 'down'].map((rating) =>
    iconButton(THUMB, t(RATINGS[rating]), () => use('feedback', 'rate', shown, rating, feedback), `ghost ${rating}`),
  );
  const copy = iconButton(COPY, t('Copy'), () => use('feedback', 'copy', shown, copy));
  const feedback = h('div', { class: 'feedback' }, thumbs, copy);
  const author = name && h('span', { class: 'label', dir: 'auto' }, name);
  const element = h('li', { class: `message ${role === 'visitor' ? role : 'bot'}` }, author, bubble, notes, feedback);

  const update = (message) => {
    if (message === shown) return;
    const { state } = message;
    element.dataset.state = state;
    if (role === 'visitor') bubble.textContent = message.text;
    else if (message.text !== shown.text || message.citations !== shown.citations) drawAnswer(message);
    if (state === 'waiting') bubble.replaceChildren(typingDots(t));
    bubble.hidden = !message.text && state !== 'waiting';
    if (state !== shown.state || message.citations !== shown.citations) drawNotes(message);
    // Only an answer that the host knows by name can be rated: none that failed or was stopped.
    feedback.hidden = role !== 'bot' || state !== 'done' || !message.messageId;
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
    const onclick = () => actions.showCard({ citation });
    return h('button', { type: 'button', class: 'marker', 'aria-label': label, title: citation.title, onclick }, `${citation.index}`);
  }

  async function drawNotes({ state, failure, citations }) {
    if (state === 'done' && citations.length) notes.replaceChildren(sources(citations));
    else if (state === 'stopped') note(t('Stopped.'));
    else if (state === 'queued') note(t('You seem to be offline. This is sent when you are back.'));
    else notes.replaceChildren();
    if (state !== 'failed') return;
    const trouble = await use('trouble', failure);
    // Without a network the words cannot be fetched, and that is what there is to say.
    if (trouble) notes.replaceChildren(trouble.element);
    else note(t('You seem to be offline. Check your connection and try again.'));
  }

  const note = (words) => notes.replaceChildren(h('p', { class: 'note' }, words));

  function sources(citations) {
    const chips = citations.map((citation) =>
      h(
        'button',
        { type: 'button', class: 'chip', onclick: () => actions.showCard({ citation }) },
        h('span', { class: 'number' }, `${citation.index}`),
        h('span', { class: 'chip-title', dir: 'auto' }, citation.title),
        citation.page && h('span', { class: 'page' }, t('Page {page}', citation)),
      ),
    );
    return h('div', { class: 'sources' }, h('span', { class: 'label' }, t('Sources')), chips);
  }

  return { element, update };
}

function typingDots(t) {
  return h('span', { class: 'typing', role: 'img', 'aria-label': t('Typing…') }, h('i'), h('i'), h('i'));
}

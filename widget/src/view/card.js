/** The passage behind a citation, as plain text, over the lower part of the conversation. */
import { safeLink } from '../markdown.js';
import { h, iconButton } from './dom.js';
import { CLOSE } from './icons.js';

export function createCard({ citation, onClose, t }) {
  const close = iconButton(CLOSE, t('Close'), onClose);
  const element = h(
    'section',
    { class: 'card', role: 'dialog', 'aria-label': `${t('Source {index}', citation)}: ${citation.title}` },
    h(
      'header',
      null,
      h('span', { class: 'number' }, `${citation.index}`),
      h('div', { class: 'card-title' }, h('strong', { dir: 'auto' }, citation.title), citation.page && h('span', { class: 'page' }, t('Page {page}', citation))),
      close,
    ),
    h('blockquote', { dir: 'auto', tabindex: '0' }, citation.snippet),
    safeLink(citation.url, t('Open source'), ['http:', 'https:']),
  );
  return { element, focus: () => close.focus() };
}

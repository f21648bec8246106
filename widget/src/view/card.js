/** A card over the lower part of the conversation: the passage behind a citation, as plain text, or any other content. */
import css from './card.css';

export { css };

/** options: {citation} or {title, content}. */
export function create({ citation, title = citation.title, content, onClose, CLOSE, h, iconButton, safeLink, t }) {
  const close = iconButton(CLOSE, t('Close'), onClose);
  const label = citation ? `${t('Source {index}', citation)}: ${title}` : title;
  const element = h(
    'section',
    { class: 'card', role: 'dialog', 'aria-label': label },
    h(
      'div',
      { class: 'card-head' },
      citation && h('span', { class: 'number' }, `${citation.index}`),
      h('div', { class: 'card-title' }, h('strong', { dir: 'auto' }, title), citation?.page && h('span', { class: 'page' }, t('Page {page}', citation))),
      close,
    ),
    content || h('blockquote', { dir: 'auto', tabindex: '0' }, citation.snippet),
    citation && safeLink(citation.url, t('Open source'), ['http:', 'https:']),
  );
  return { element, focus: () => close.focus() };
}

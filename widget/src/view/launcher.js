/** The round button in the corner. Knows whether the chat is open and whether something was missed. */
import { h, icon } from './dom.js';
import { CHAT, DOWN } from './icons.js';

export function createLauncher({ config, onToggle, onApproach }) {
  const badge = h('i', { class: 'badge' });
  const element = h(
    'button',
    {
      class: `launcher ${config.side}`,
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
      onclick: onToggle,
      onpointerenter: onApproach,
      onfocus: onApproach,
    },
    icon(CHAT),
    icon(DOWN),
    badge,
  );
  const setUnread = (words, count) => {
    badge.textContent = count || '';
    // "Chat" is the same word in the languages we speak; other words come with the panel.
    element.setAttribute('aria-label', `Chat: ${config.title}${words ? `, ${words}` : ''}`);
  };
  setUnread('');
  return {
    element,
    setUnread,
    setOpen: (isOpen) => element.setAttribute('aria-expanded', isOpen),
  };
}

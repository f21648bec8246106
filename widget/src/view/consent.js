/** Before the first word: what happens with it, in the owner's words. Nothing can be written until the visitor agrees. */
import css from './consent.css';

export { css };

export function create({ consent: { text, url }, onAgree, safeLink, h, t }) {
  const agree = h('button', { type: 'button', class: 'primary', onclick: onAgree }, t('I agree'));
  const words = h('p', { dir: 'auto' }, text || t('Your messages are processed to answer you.'));
  return { element: h('section', { class: 'agreement', 'aria-label': t('Consent') }, words, safeLink(url, t('Privacy policy'), ['http:', 'https:']), agree) };
}

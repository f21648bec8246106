/**
 * On a phone the panel is the screen, and the screen is what the keyboard leaves of it. Browsers report that part as
 * visualViewport; it is handed to the stylesheet as --pb-height and --pb-top through a rule, not a style attribute.
 */
import { addSheet } from './view/kit.js';

const PHONE = '(max-width: 480px)';

export function followViewport(root, onPhoneChange) {
  const sheet = addSheet(root, ':host{}');
  const query = matchMedia(PHONE);
  const viewport = window.visualViewport;
  const measure = () => {
    const { style } = sheet.cssRules[0];
    style.setProperty('--pb-height', `${viewport.height}px`);
    style.setProperty('--pb-top', `${viewport.offsetTop}px`);
  };
  const change = () => onPhoneChange(query.matches);
  change();
  query.addEventListener('change', change);
  if (viewport) measure();
  viewport?.addEventListener('resize', measure);
  viewport?.addEventListener('scroll', measure);
  return () => {
    query.removeEventListener('change', change);
    viewport?.removeEventListener('resize', measure);
    viewport?.removeEventListener('scroll', measure);
  };
}

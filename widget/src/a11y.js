/** Help for keyboards and screen readers: what is said aloud, and where Tab may go. */
import { h } from './view/kit.js';

const FOCUSABLE = 'button:enabled,a,textarea,input,[tabindex]';

/**
 * Speaks whole sentences into a live region as an answer grows: single tokens would be read as stutter.
 * speak(id, text, isFinal) may be called with the growing text as often as it changes.
 */
export function createAnnouncer(region) {
  let spokenId = null;
  let spokenUpTo = 0;
  return {
    speak(id, text, isFinal) {
      if (id !== spokenId) {
        region.replaceChildren();
        spokenId = id;
        spokenUpTo = 0;
      }
      const fresh = text.slice(spokenUpTo);
      const length = isFinal ? fresh.length : fresh.search(/[.!?؟。！？](?=\s)[^.!?؟。！？]*$/) + 1;
      if (length <= 0) return;
      spokenUpTo += length;
      const words = fresh.slice(0, length).replace(/\[\d[\d, ]*\]|[*_`#]/g, '').trim();
      if (words) region.append(h('p', null, words));
    },
  };
}

/** Keep Tab inside the element. */
export function keepTabInside(element, event) {
  const stops = [...element.querySelectorAll(FOCUSABLE)].filter((stop) => stop.offsetParent);
  const active = element.getRootNode().activeElement;
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (active !== edge && element.contains(active)) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
}

/**
 * The first word to visitors who have not asked: a message beside the launcher, when a rule of the owner's comes true.
 * rule: {trigger: delay|scroll|exit, value: seconds or percent, url_contains, message}. One message per visit.
 */
import css from './view/proactive.css';

const CLOSE = 'M6 6l12 12M18 6L6 18';

/** Whether this visit has had its message. Where storage is denied, each page may show one. */
function note(bot, isNow) {
  try {
    const key = `privexbot:${bot}:proactive`;
    if (isNow) sessionStorage.setItem(key, 1);
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Answers a function that ends it. */
export function watch({ raw: { proactive: rules, bot_id: bot }, side }, root, onOpen) {
  const { addSheet, h, icon } = window.pb.kit;
  const stops = [];
  let bubble = null;
  const stop = () => stops.splice(0).forEach((each) => each());
  const listen = (target, name, handler) => {
    target.addEventListener(name, handler, { passive: true });
    stops.push(() => target.removeEventListener(name, handler));
  };

  function hide() {
    stop();
    bubble?.remove();
    bubble = null;
  }

  function show({ message }) {
    stop();
    note(bot, true);
    addSheet(root, css);
    const open = h('button', { type: 'button', class: 'teaser-text', dir: 'auto', onclick: () => (hide(), onOpen()) }, message);
    const close = h('button', { type: 'button', class: 'teaser-close', 'aria-label': '×', onclick: hide }, icon(CLOSE));
    bubble = h('div', { class: `teaser ${side}`, role: 'status' }, open, close);
    root.prepend(bubble);
  }

  const arm = {
    delay: (rule) => {
      const timer = setTimeout(show, rule.value * 1000, rule);
      stops.push(() => clearTimeout(timer));
    },
    scroll: (rule) =>
      listen(window, 'scroll', () => {
        const { scrollTop, scrollHeight, clientHeight } = document.documentElement;
        if ((scrollTop + clientHeight) * 100 >= scrollHeight * rule.value) show(rule);
      }),
    exit: (rule) => listen(document.documentElement, 'mouseleave', ({ clientY }) => clientY <= 0 && show(rule)),
  };
  if (note(bot)) return hide;
  for (const rule of rules) if (location.href.includes(rule.url_contains || '')) arm[rule.trigger]?.(rule);
  return hide;
}

/**
 * What was said before: shows it again after a reload, catches up after sleep, and keeps the way back to earlier
 * conversations, on this device alone.
 */
import css from './history.css';

export { css };

const MOST_KEPT = 10;
const PAST = 'M12 8v4.5l3 2M4 12a8 8 0 1 0 2.5-5.8L4 8.5V4.5';

export function create({ api, session, store, actions, head, h, iconButton, t, language }) {
  const { add, change } = actions.tools;
  let button = null;

  async function load() {
    const token = session.get();
    const response = await api.request(`history?session_id=${encodeURIComponent(token)}`).catch((failure) => {
      // A session the host does not know any more is over; anything else may pass, so the token stays.
      if (failure.kind === 'not_found' || failure.kind === 'refused') session.clear();
    });
    const items = (await response?.json())?.items || [];
    // Meanwhile the visitor may have asked, or begun anew.
    return token === session.get() && store.get().status === 'idle' ? items : [];
  }

  /** Add what this page has not seen, and complete what was cut off here but finished there. */
  async function catchUp() {
    if (!session.get() || store.get().status !== 'idle') return;
    for (const { role, content, citations, author, message_id: messageId } of await load()) {
      const { messages } = store.get();
      // What was asked on this page is here already, without the host's name for it.
      const mine =
        messages.find((each) => each.messageId === messageId) ||
        messages.find((each) => !each.messageId && each.role === role && each.text === content);
      const whole = { text: content, citations: citations || [], messageId };
      if (!mine) add({ role, name: author, ...whole });
      else if (mine.state === 'failed') change(mine.id, () => ({ ...whole, state: 'done' }));
      else if (!mine.messageId) change(mine.id, () => ({ messageId }));
    }
  }

  const past = () => JSON.parse(session.note('past') || '[]').filter(({ token }) => token !== session.get());

  function offer(isSure) {
    if (button || !(isSure || past().length)) return;
    button = iconButton(PAST, t('Earlier conversations'), list);
    head.querySelector('h2').after(button);
  }

  function list() {
    const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
    const rows = past().map(({ token, title, at }) => {
      const onclick = () => {
        leave();
        actions.restart();
        session.set(token);
        catchUp();
        button.focus();
      };
      const name = h('span', { dir: 'auto' }, title);
      return h('li', null, h('button', { type: 'button', class: 'question past', onclick }, name, h('span', { class: 'page' }, day.format(at))));
    });
    actions.showCard({ title: t('Earlier conversations'), content: h('ul', { class: 'list' }, rows) });
  }

  /** Keep the way back to the conversation that is left. */
  function leave() {
    const title = store.get().messages.find(({ role }) => role === 'visitor')?.text.slice(0, 80);
    const token = session.get();
    if (!title || !token) return;
    session.note('past', JSON.stringify([{ token, title, at: Date.now() }, ...past()].slice(0, MOST_KEPT)));
    offer(true);
  }

  offer();
  return { catchUp, leave };
}

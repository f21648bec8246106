/**
 * The second file, fetched when the chat is first wanted: wires store, api and session to the view.
 */
import { createApi } from './api.js';
import { readDetails } from './config.js';
import { createConversation, EMPTY } from './conversation.js';
import { loadWords } from './i18n.js';
import { createSession } from './session.js';
import { createStore } from './store.js';
import { addSheet } from './view/kit.js';
import panelCss from './view/panel.css';
import { createPanel } from './view/panel.js';
import { followViewport } from './viewport.js';

export async function mount({ root, base, bot, config: part, isInline, launcher, emit, traits }) {
  const config = readDetails(part, base);
  const words = await loadWords(config.lang, config.texts);
  const store = createStore(EMPTY);
  const api = createApi(base, bot);
  const session = createSession(base, bot);
  let isOpen = isInline;
  let unread = 0;
  const notify = (name, detail) => {
    emit(name, detail);
    if (name === 'message' && !isOpen) launcher.setUnread(words.t('new message'), (unread += 1));
  };
  const { leadForm } = config;
  const actions = createConversation({ store, api, session, emit: notify, leadForm });
  const shared = { root, api, session, store, emit: notify, actions };
  addSheet(root, panelCss);
  const view = createPanel({ config, words, isInline, shared, onClose: close });
  root.append(view.element);
  view.setTraits(traits);
  const unsubscribe = store.subscribe(view.draw);
  const unfollow = isInline ? () => {} : followViewport(root, view.setModal);

  /** A visitor who has been here before, or whose device has slept, sees what was missed; what waited is sent. */
  function catchUp() {
    const isKnown = session.get() || session.note('past') || store.get().messages.length;
    if (isKnown && !document.hidden) view.use('catchUp');
  }

  function begin() {
    if (leadForm?.when === 'before' && !session.get()) store.set({ lead: leadForm });
  }

  catchUp();
  addEventListener('online', catchUp);
  document.addEventListener('visibilitychange', catchUp);
  if (config.consent && !session.note('consent')) {
    view.use('consent', config.consent, () => {
      session.note('consent', Date.now());
      begin();
    });
  } else begin();

  function open() {
    if (!isOpen) {
      isOpen = true;
      // Without a style pass in between, the first opening would have no transition.
      view.element.getBoundingClientRect();
      view.setOpen(true);
      launcher.setOpen(true);
      launcher.setUnread('', (unread = 0));
      view.toEnd();
      emit('open');
    }
    view.focus();
  }

  function close() {
    if (!isOpen || isInline) return;
    isOpen = false;
    view.setOpen(false);
    launcher.setOpen(false);
    launcher.element.focus();
    emit('close');
  }

  return {
    open,
    close,
    toggle: () => (isOpen ? close() : open()),
    identify: view.setTraits,
    destroy() {
      actions.stop();
      unsubscribe();
      unfollow();
      removeEventListener('online', catchUp);
      document.removeEventListener('visibilitychange', catchUp);
      view.destroy();
    },
  };
}

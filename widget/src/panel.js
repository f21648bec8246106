/**
 * The second file, fetched when the chat is first wanted: wires store, api and session to the view.
 */
import { createApi } from './api.js';
import { readDetails } from './config.js';
import { createConversation, EMPTY } from './conversation.js';
import { loadWords } from './i18n.js';
import { createSession } from './session.js';
import { createStore } from './store.js';
import { addSheet } from './view/dom.js';
import panelCss from './view/panel.css';
import { createPanel } from './view/panel.js';
import { followViewport } from './viewport.js';

export async function mount({ root, base, bot, config: part, isInline, launcher, emit, traits }) {
  const config = readDetails(part, base);
  const words = await loadWords(config.lang);
  const store = createStore(EMPTY);
  let isOpen = isInline;
  const notify = (name, detail) => {
    emit(name, detail);
    if (name === 'message' && !isOpen) launcher.setUnread(words.t('new message'));
  };
  const actions = createConversation({
    store,
    api: createApi(base, bot),
    session: createSession(base, bot),
    emit: notify,
    leadForm: config.leadForm,
  });
  const view = createPanel({ config, words, isInline, actions, onClose: close });
  addSheet(root, panelCss);
  root.append(view.element);
  view.setTraits(traits);
  const unsubscribe = store.subscribe(view.draw);
  const unfollow = isInline ? () => {} : followViewport(root, view.setModal);
  actions.restore();

  function open() {
    if (!isOpen) {
      isOpen = true;
      // Without a style pass in between, the first opening would have no transition.
      view.element.getBoundingClientRect();
      view.setOpen(true);
      launcher.setOpen(true);
      launcher.setUnread('');
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
      view.element.remove();
    },
  };
}

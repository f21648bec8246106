/** The window of the chat: header, conversation, composer, footer. Draws the state; decides nothing. */
import { createAnnouncer, keepTabInside } from '../a11y.js';
import { safeLink } from '../markdown.js';
import { createComposer } from './composer.js';
import { CLOSE, FRESH } from './icons.js';
import { addSheet, h, icon, iconButton } from './kit.js';
import { createMessages } from './messages.js';

const PHONE = '(max-width: 480px)';

/** shared: {root, api, session, store, emit, actions}, which the parts of later.js get as well. */
export function createPanel({ config, words, isInline, shared, onClose }) {
  const { t, language, direction } = words;
  const { actions, session, root } = shared;
  const messages = createMessages({ config, actions, use, t });
  const composer = createComposer({ actions, t });
  const spoken = h('div', { class: 'spoken', role: 'log', 'aria-live': 'polite' });
  const announcer = createAnnouncer(spoken);
  const overlay = h('div', { class: 'overlay' });
  const head = createHeader({ config, isInline, onClose, t, onFresh: restart });
  const element = h(
    'section',
    {
      class: `panel ${isInline ? 'inline' : config.side}`,
      role: isInline ? 'region' : 'dialog',
      'aria-label': config.title,
      'data-theme': config.theme,
      lang: language,
      dir: direction,
      onkeydown,
    },
    head,
    h('div', { class: 'stage' }, messages.element, overlay),
    composer.element,
    h('div', { class: 'footer' }, t('Powered by {brand}', { brand: 'PrivexBot' })),
    spoken,
  );
  let traits, later;

  /** use('trouble', 'offline'): have later.js do something; undefined when it cannot be fetched. */
  async function use(name, ...rest) {
    later ||= import('../later.js').then(
      ({ create }) =>
        create({
          ...shared,
          ...{ addSheet, h, icon, iconButton, safeLink, CLOSE, t, language, overlay, setGate, setAfter: messages.setAfter },
          head,
          focus: composer.focus,
          getTraits: () => traits,
        }),
      () => (later = null),
    );
    return (await later)?.[name](...rest);
  }

  async function restart() {
    if (session.get()) await use('leave');
    actions.restart();
    composer.focus();
  }

  function onkeydown(event) {
    // An Escape that ends a composition belongs to the input method.
    if (event.key === 'Escape' && !event.isComposing) {
      if (overlay.firstChild) actions.showCard(null);
      else if (!isInline) onClose();
      else return;
      event.stopPropagation();
    } else if (event.key === 'Tab' && !isInline && matchMedia(PHONE).matches) keepTabInside(element, event);
  }

  /** Nothing can be asked before the visitor has agreed, or has left what must be left. */
  const setGate = (name, isShut) => element.classList.toggle(`no-${name}`, !!isShut);

  function announce({ messages: all }) {
    const last = all.at(-1);
    if (last && last.role !== 'visitor' && last.text) announcer.speak(last.id, last.text, last.state !== 'streaming');
  }

  return {
    element,
    use,
    destroy() {
      if (later) use('destroy');
      element.remove();
    },
    focus: composer.focus,
    toEnd: messages.toEnd,
    setTraits: (values) => (traits = values),
    setModal: (isModal) => element.setAttribute('aria-modal', isModal),
    setOpen: (isOpen) => element.classList.toggle('open', isOpen),
    draw(state, before) {
      if (state.messages !== before?.messages) {
        messages.update(state.messages);
        if (before) announce(state);
      }
      if (state.status !== before?.status) composer.update(state.status);
      for (const name of ['card', 'lead', 'ask', 'people']) {
        if (state[name] !== (before?.[name] ?? null)) use(name, state[name]);
      }
    },
  };
}

function createHeader({ config, isInline, onClose, onFresh, t }) {
  const initial = h('span', { class: 'avatar', 'aria-hidden': 'true' }, [...config.title.trim()][0]?.toUpperCase() || '·');
  if (config.avatar) {
    const picture = h('img', { alt: '', src: config.avatar, onerror: () => picture.remove() });
    initial.append(picture);
  }
  return h(
    'div',
    { class: 'head' },
    initial,
    h('h2', { dir: 'auto' }, config.title),
    iconButton(FRESH, t('New conversation'), onFresh),
    !isInline && iconButton(CLOSE, t('Close'), onClose),
  );
}

/** The window of the chat: header, conversation, composer, footer. Draws the state; decides nothing. */
import { createAnnouncer, keepTabInside } from '../a11y.js';
import { createCard } from './card.js';
import { createComposer } from './composer.js';
import { addSheet, h, iconButton } from './dom.js';
import { CLOSE, FRESH } from './icons.js';
import { describeFailure } from './message.js';
import { createMessages } from './messages.js';

const PHONE = '(max-width: 480px)';

export function createPanel({ config, words, isInline, actions, onClose }) {
  const { t, language, direction } = words;
  const messages = createMessages({ config, actions, t });
  const composer = createComposer({ actions, t });
  const spoken = h('div', { class: 'spoken', role: 'log', 'aria-live': 'polite' });
  const announcer = createAnnouncer(spoken);
  const overlay = h('div', { class: 'overlay' });
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
    createHeader({ config, isInline, onClose, t, onFresh: restart }),
    h('div', { class: 'stage' }, messages.element, overlay),
    composer.element,
    h('footer', null, t('Powered by {brand}', { brand: 'PrivexBot' })),
    spoken,
  );
  let opener = null;
  let leadForm = null;
  let traits = null;

  function restart() {
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

  function drawCard(citation) {
    if (!citation) {
      overlay.replaceChildren();
      opener?.focus();
      return;
    }
    opener = element.getRootNode().activeElement;
    const card = createCard({ citation, onClose: () => actions.showCard(null), t });
    overlay.replaceChildren(card.element);
    card.focus();
  }

  /** lead: null, or the form with state undefined | sending | sent | dismissed | a kind of failure. */
  async function drawLead(lead) {
    if (!lead || lead.state === 'dismissed') {
      leadForm = null;
      messages.setAfter(null);
      return;
    }
    leadForm ||= import('./lead.js').then(({ createLeadForm }) => {
      const form = createLeadForm({ lead, traits, actions, t, h, describeFailure });
      addSheet(element.getRootNode(), form.css);
      messages.setAfter(form.element);
      return form;
    });
    // Contact details are an offer: when the form cannot be fetched, the chat goes on without.
    (await leadForm.catch(() => null))?.update(lead);
  }

  function announce({ messages: all }) {
    const last = all.at(-1);
    if (last?.role === 'bot' && last.text) announcer.speak(last.id, last.text, last.state !== 'streaming');
  }

  return {
    element,
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
      if (state.card !== (before?.card ?? null)) drawCard(state.card);
      if (state.lead !== (before?.lead ?? null)) drawLead(state.lead);
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
    'header',
    { class: 'head' },
    initial,
    h('h2', { dir: 'auto' }, config.title),
    iconButton(FRESH, t('New conversation'), onFresh),
    !isInline && iconButton(CLOSE, t('Close'), onClose),
  );
}

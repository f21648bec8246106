/**
 * One chat on the page, floating or inline. Owns the shadow root and the decision when to load the panel.
 */
import { loadConfig } from './config.js';
import { buildThemeCss } from './theme.js';
import { addSheet } from './view/dom.js';
import { createLauncher } from './view/launcher.js';
import launcherCss from './view/launcher.css';

const STACK_STEP_PX = 72;

/** place: {base, paths: of the panel and the watcher of rules, bot, options, element?: the inline custom element, stacked: launchers below, onDestroy}. */
export function createInstance({ base, paths, bot, options, element, stacked, onDestroy }) {
  const host = element || document.createElement('div');
  const root = host.shadowRoot || host.attachShadow({ mode: 'open' });
  let config, launcher, panel, traits, isGone, unwatch;
  let attempts = 0;

  const emit = (name, detail) =>
    document.dispatchEvent(new CustomEvent(`privexbot:${name}`, { detail: { bot, ...detail } }));

  async function start() {
    config = await loadConfig(base, bot, options);
    if (isGone) return;
    addSheet(root, `${buildThemeCss(config.color)}:host{--pb-lift:${20 + stacked * STACK_STEP_PX}px}${launcherCss}`);
    if (element) {
      await loadPanel();
      return;
    }
    launcher = createLauncher({ config, onToggle: () => command('toggle'), onApproach: loadPanel });
    root.append(launcher.element);
    document.body.append(host);
    if (config.raw.proactive?.length) unwatch = (await import(base + paths[1])).watch(config, root, () => command('open'));
  }

  /** The panel, fetched once; a failed fetch may be tried again, under a new address as browsers cache failures. */
  function loadPanel() {
    panel ||= import(base + paths[0] + (attempts++ ? `?again=${attempts}` : '')).then(
      ({ mount }) => !isGone && mount({ root, base, bot, config, isInline: !!element, launcher, emit, traits }),
      () => {
        panel = null;
        emit('error', { code: 'panel_failed' });
      },
    );
    return panel;
  }

  async function command(name) {
    await ready;
    unwatch?.();
    if (isGone || !config) return;
    const loaded = await loadPanel();
    if (!isGone) loaded?.[name]();
  }

  const ready = start().catch(({ code = 'config_failed' }) => emit('error', { code }));
  if ('open' in options && options.open !== 'false') command('open');

  return {
    open: () => command('open'),
    close: () => panel && command('close'),
    toggle: () => command('toggle'),
    /** Remember who the visitor says they are, to fill the contact form; nothing is sent by this call. */
    identify(values) {
      traits = values;
      panel?.then((loaded) => loaded?.identify(values));
    },
    destroy() {
      isGone = true;
      onDestroy();
      unwatch?.();
      panel?.then((loaded) => loaded?.destroy());
      root.replaceChildren();
      root.adoptedStyleSheets = [];
      if (!element) host.remove();
    },
  };
}

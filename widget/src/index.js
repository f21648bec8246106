/**
 * The loader: finds its <script>, draws the launcher, and fetches the panel when it is first wanted.
 * Several scripts may stand on one page; the first one owns window.pb and the custom element.
 */
import { createInstance } from './instance.js';
import { addSheet, h, icon } from './view/dom.js';

/* global PATHS */
const OPTION_NAMES = ['position', 'color', 'title', 'greeting', 'lang', 'theme', 'open'];

const script = document.currentScript || document.querySelector('script[src*="/widget.js"]');

function readOptions(element, prefix) {
  const options = {};
  for (const name of OPTION_NAMES) {
    const value = element.getAttribute(prefix + name);
    if (value !== null) options[name] = value;
  }
  return options;
}

/** Take over window.pb: run what the page queued, then answer directly. */
function installCommands() {
  const queued = window.pb?.q || [];
  const places = new Map();
  const run = (command, detail) => {
    for (const [instance, { bot }] of places) {
      if (!detail?.bot || detail.bot === bot) instance[command]?.(detail);
    }
  };
  run.add = (place) => {
    const launchers = [...places.values()].filter((other) => !other.element);
    const isTwin = (other) => other.bot === place.bot && other.base === place.base;
    if (!place.element && launchers.some(isTwin)) return;
    const instance = createInstance({ ...place, stacked: launchers.length, onDestroy: () => places.delete(instance) });
    places.set(instance, place);
    return instance;
  };
  run.kit = { addSheet, h, icon };
  window.pb = run;
  return queued;
}

function defineElement(place) {
  class PrivexbotChat extends HTMLElement {
    connectedCallback() {
      const bot = this.getAttribute('bot');
      if (!bot || this.chat) return;
      this.chat = window.pb.add({ ...place, bot, element: this, options: readOptions(this, '') });
    }

    disconnectedCallback() {
      this.chat?.destroy();
      this.chat = null;
    }
  }
  customElements.define('privexbot-chat', PrivexbotChat);
}

function start() {
  const base = new URL('.', script.src).href;
  const place = { base, paths: PATHS };
  const queued = window.pb?.add ? [] : installCommands();
  const { bot } = script.dataset;
  const mount = () => {
    if (bot) window.pb.add({ ...place, bot, options: readOptions(script, 'data-') });
    if (!customElements.get('privexbot-chat')) defineElement(place);
    for (const command of queued) window.pb(...command);
  };
  if (document.body) mount();
  else document.addEventListener('DOMContentLoaded', mount, { once: true });
}

if (script) start();

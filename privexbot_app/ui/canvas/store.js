/* What the parts of the editor look at, by name. A part is drawn again only when its own name changes. */

import { createContext, useCallback, useContext, useSyncExternalStore } from "react";

export class Store {
  #values = new Map();
  #listeners = new Map();

  get(name) {
    return this.#values.get(name);
  }

  set(name, value) {
    if (Object.is(this.#values.get(name), value)) return;
    this.#values.set(name, value);
    this.#listeners.get(name)?.forEach((listener) => listener());
  }

  /** Give every `prefix:id` its value of a map, and nothing to those that are not in it. */
  setAll(prefix, values, isSame = Object.is) {
    const start = `${prefix}:`;
    for (const name of [...this.#values.keys()]) {
      if (name.startsWith(start) && !values.has(name.slice(start.length))) this.set(name, undefined);
    }
    for (const [id, value] of values) if (!isSame(this.get(start + id), value)) this.set(start + id, value);
  }

  subscribe(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name).delete(listener);
  }
}

export const EditorContext = createContext(null);
export const useEditor = () => useContext(EditorContext);

/** A value of the store; the part is drawn again when it changes. */
export const useValue = (name) => {
  const { store } = useEditor();
  const subscribe = useCallback((listener) => store.subscribe(name, listener), [store, name]);
  return useSyncExternalStore(subscribe, () => store.get(name));
};

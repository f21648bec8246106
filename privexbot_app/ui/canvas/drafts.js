/* What is being typed: kept by its field, handed over after a pause or when the field is left. */

import { useCallback, useEffect, useRef, useState } from "react";

const PAUSE_MS = 700;

/** [text, setText(text, isNow), flush] for a value that somebody else keeps. */
export const useDraft = (value, onCommit) => {
  const [text, setText] = useState(value);
  const latest = useRef({});
  latest.current.onCommit = onCommit;
  const flush = useCallback(() => {
    clearTimeout(latest.current.timer);
    const { waiting } = latest.current;
    latest.current.waiting = undefined;
    if (waiting !== undefined) latest.current.onCommit(waiting);
  }, []);
  // What comes from outside (an undo, another tab) replaces the text, unless something typed is still waiting.
  useEffect(() => {
    if (latest.current.waiting === undefined) setText(value);
  }, [value]);
  useEffect(() => flush, [flush]);
  const change = useCallback((next, isNow = false) => {
    setText(next);
    latest.current.waiting = next;
    clearTimeout(latest.current.timer);
    if (isNow) flush();
    else latest.current.timer = setTimeout(flush, PAUSE_MS);
  }, [flush]);
  return [text, change, flush];
};

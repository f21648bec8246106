import { useEffect, useRef } from "react";

const TYPING = "input, textarea, select, [contenteditable], [role=dialog]";

/** Calls `onPress` with one of `keys`, unless somebody types or a modifier is held. Draws nothing. */
export function Keys({ keys, onPress }) {
  const latest = useRef(onPress);
  latest.current = onPress;
  useEffect(() => {
    const press = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
      if (keys.includes(event.key)) latest.current(event.key);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [keys]);
  return null;
}

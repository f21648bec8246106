import { useEffect, useRef } from "react";

/** Calls `onTick` every so many milliseconds while it is on the page and the page is in sight. Draws nothing. */
export function Ticker({ every, onTick }) {
  const latest = useRef(onTick);
  latest.current = onTick;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) latest.current();
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return null;
}

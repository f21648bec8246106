import { useEffect, useRef, useState } from "react";

const AROUND = 30;
const SETTLE_MILLISECONDS = 80;

/** A list of any length of which only what is in sight is in the page. `rows` are those from `offset` on. */
export function WindowList({ total, offset, rows, rowHeight, label, current, onWindow, onChoose }) {
  const box = useRef(null);
  const timer = useRef(0);
  const asked = useRef(-1);
  const [seen, setSeen] = useState({ from: 0, count: 40 });
  const look = () => {
    const { scrollTop, clientHeight } = box.current;
    const from = Math.max(0, Math.floor(scrollTop / rowHeight) - 5);
    const count = Math.ceil(clientHeight / rowHeight) + 10;
    setSeen({ from, count });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const isThere = from >= offset && Math.min(from + count, total) <= offset + rows.length;
      const start = Math.max(0, from - AROUND);
      if (!isThere && asked.current !== start) {
        asked.current = start;
        onWindow(start);
      }
    }, SETTLE_MILLISECONDS);
  };
  useEffect(() => {
    asked.current = -1;
    if (box.current) look();
    return () => clearTimeout(timer.current);
  }, [total, offset, rows]);
  const shown = [];
  for (let at = seen.from; at < Math.min(seen.from + seen.count, total); at++) {
    const row = rows[at - offset];
    shown.push(
      <li key={at} aria-posinset={at + 1} aria-setsize={total} className="pb-window-row"
          style={{ top: at * rowHeight, height: rowHeight }}>
        {row ? (
          <button type="button" aria-current={row.id === current} onClick={() => onChoose(row.id)}>
            <span className="pb-strong">{row.title}</span>
            <span className="pb-tiny">{row.detail}</span>
            <span className="pb-badge" data-tone={row.tone}>{row.status}</span>
            <time className="pb-tiny" title={row.exactly}>{row.ago}</time>
          </button>
        ) : (
          <span className="pb-bone" aria-hidden="true" />
        )}
      </li>,
    );
  }
  return (
    <div ref={box} onScroll={look} className="pb-card pb-window" tabIndex={0} role="group" aria-label={label}>
      <ul style={{ height: total * rowHeight }}>{shown}</ul>
    </div>
  );
}

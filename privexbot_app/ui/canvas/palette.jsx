/* Types of nodes to drag in, or to add by a click behind the chosen node. */

import { useState } from "react";
import { Icon, KindIcon } from "./icons.jsx";
import { useEditor, useValue } from "./store.js";

export const DRAG_TYPE = "application/x-privexbot-node";
const CATEGORIES = {
  start: "Start",
  talk: "Talk",
  think: "Think",
  logic: "Logic",
  data: "Data",
  connect: "Connect",
  people: "People",
};

/** Whether people may place a type, and it has the words. Some types only come with imported flows. */
export const fits = (kind, words) => kind.is_placeable !== false && `${kind.label} ${kind.type} ${kind.description} ${kind.category}`.toLowerCase().includes(words.trim().toLowerCase());

export function Palette() {
  const editor = useEditor();
  const kinds = useValue("kinds") ?? [];
  const [words, setWords] = useState("");
  const found = kinds.filter((kind) => fits(kind, words));
  const start = (event, kind) => {
    event.dataTransfer.setData(DRAG_TYPE, kind.type);
    event.dataTransfer.effectAllowed = "copy";
  };
  return (
    <aside className="pf-palette" aria-label="Nodes to add">
      <label className="pf-search">
        <Icon name="search" size={14} />
        <input type="search" value={words} placeholder="Search nodes" aria-label="Search nodes" onChange={(event) => setWords(event.target.value)} />
      </label>
      {Object.entries(CATEGORIES).map(([category, title]) => {
        const own = found.filter((kind) => kind.category === category);
        if (!own.length) return null;
        return (
          <section key={category} aria-label={title}>
            <h3 className="pf-options-title">{title}</h3>
            {own.map((kind) => (
              <button key={kind.type} type="button" className="pf-kind" draggable title={kind.description} data-kind={kind.type}
                onDragStart={(event) => start(event, kind)} onClick={() => editor.addNode(kind)}>
                <span className="pf-disc" data-category={kind.category}><KindIcon name={kind.icon} size={15} /></span>
                <span>{kind.label}</span>
              </button>
            ))}
          </section>
        );
      })}
      {!found.length && <p className="pf-quiet">No node has these words.</p>}
    </aside>
  );
}

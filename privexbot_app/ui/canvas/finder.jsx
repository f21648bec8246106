/* One search for everything: nodes of the flow, types to add, commands. */

import { useEffect, useId, useRef, useState } from "react";
import { COMMANDS } from "./commands.js";
import { Icon, KindIcon } from "./icons.jsx";
import { fits } from "./palette.jsx";
import { useEditor, useValue } from "./store.js";

const MOST_SHOWN = 60;
const PLACEHOLDERS = { find: "Find a node", commands: "What do you want to do?", add: "Which node comes next?" };

const entriesFor = (editor, { kind, at, from }, words) => {
  const wanted = words.trim().toLowerCase();
  const adding = (editor.store.get("kinds") ?? [])
    .filter((type) => fits(type, words) && !(from && type.is_trigger))
    .map((type) => ({ key: `add ${type.type}`, icon: type.icon, text: type.label, hint: type.description, run: () => editor.addNode(type, { at, from }) }));
  if (kind === "add") return adding;
  const going = editor.spec.nodes
    .map((node) => ({ node, type: editor.kindOf(node) }))
    .filter(({ node, type }) => `${node.title} ${node.id} ${type?.label ?? node.type} ${JSON.stringify(node.config)}`.toLowerCase().includes(wanted))
    .map(({ node, type }) => ({ key: `go ${node.id}`, icon: type?.icon, text: node.title || type?.label || node.type, hint: node.id, run: () => editor.focus(node.id) }));
  if (kind === "find") return going;
  const commands = COMMANDS.filter(({ text }) => text.toLowerCase().includes(wanted))
    .map((command) => ({ key: command.text, own: command.icon, text: command.text, hint: command.keys, run: () => command.run(editor) }));
  return [...commands, ...adding.map((entry) => ({ ...entry, text: `Add: ${entry.text}` })), ...(wanted ? going.map((entry) => ({ ...entry, text: `Go to: ${entry.text}` })) : [])];
};

export function Finder() {
  const editor = useEditor();
  const finder = useValue("finder");
  return finder ? <Dialog key={finder.kind} editor={editor} finder={finder} /> : null;
}

function Dialog({ editor, finder }) {
  const [words, setWords] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const list = useRef(null);
  const before = useRef(document.activeElement);
  const entries = entriesFor(editor, finder, words).slice(0, MOST_SHOWN);
  const current = Math.min(at, entries.length - 1);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const close = () => {
    editor.store.set("finder", null);
    before.current?.focus?.({ preventScroll: true });
  };
  const run = (entry) => {
    close();
    entry.run();
  };
  const press = (event) => {
    if (event.key === "ArrowDown") setAt(Math.min(current + 1, entries.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter" && entries[current]) run(entries[current]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="pf-veil" onPointerDown={(event) => event.target === event.currentTarget && close()}>
      <div className="pf-finder" role="dialog" aria-modal="true" aria-label={PLACEHOLDERS[finder.kind]} onKeyDown={press}>
        <label className="pf-search">
          <Icon name="search" size={15} />
          <input autoFocus value={words} placeholder={PLACEHOLDERS[finder.kind]} aria-label={PLACEHOLDERS[finder.kind]} role="combobox" aria-expanded="true"
            aria-controls={listId} aria-activedescendant={entries[current] && `${listId}-${current}`}
            onChange={(event) => { setWords(event.target.value); setAt(0); }} />
        </label>
        <div className="pf-options" role="listbox" id={listId} aria-label="Results" ref={list}>
          {entries.map((entry, index) => (
            <div key={entry.key} id={`${listId}-${index}`} role="option" aria-selected={index === current} className="pf-option" onClick={() => run(entry)}>
              {entry.own ? <Icon name={entry.own} size={15} /> : <KindIcon name={entry.icon} size={15} />}
              <span className="pf-option-text">{entry.text}</span><span>{entry.hint}</span>
            </div>
          ))}
          {!entries.length && <p className="pf-quiet">Nothing has these words.</p>}
        </div>
      </div>
    </div>
  );
}

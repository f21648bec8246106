/* Fields for templates and references, and the list of values that they may use: only what runs before the node. */

import { useEffect, useId, useMemo, useRef, useState } from "react";
import { SYSTEM_VALUES, byId, upstreamOf } from "./graph.js";
import { Icon } from "./icons.jsx";
import { useEditor, useValue } from "./store.js";
import { useDraft } from "./drafts.js";

/** Groups of values that a node may use. */
export const valuesFor = (editor, id) => {
  const nodes = byId(editor.spec.nodes);
  const groups = [...upstreamOf(editor.spec, id)].map((source) => {
    const node = nodes.get(source);
    const outputs = editor.outputsOf(node);
    const failing = node.policy?.on_error && node.policy.on_error !== "stop" ? [{ name: "error", type: "object", description: "What went wrong." }] : [];
    const title = node.title || editor.kindOf(node)?.label || node.type;
    return { title, hint: source, items: [...outputs, ...failing].map((output) => ({ ...output, path: `${source}.${output.name}` })) };
  });
  const variables = editor.spec.variables.map((variable) => ({ ...variable, path: `vars.${variable.name}` }));
  groups.push({ title: "Variables of the flow", hint: "vars", items: variables });
  groups.push({ title: "The conversation", hint: "sys", items: SYSTEM_VALUES.map((name) => ({ name, type: "text", path: `sys.${name}` })) });
  return groups.filter(({ items }) => items.length);
};

export function Picker({ nodeId, onPick, onClose, words: given = "" }) {
  const editor = useEditor();
  useValue("insight");
  const [words, setWords] = useState(given);
  const [at, setAt] = useState(0);
  const box = useRef(null);
  const listId = useId();
  const groups = useMemo(() => {
    const wanted = words.trim().toLowerCase();
    const fits = (group, item) => `${group.title} ${item.path} ${item.description ?? ""}`.toLowerCase().includes(wanted);
    return valuesFor(editor, nodeId)
      .map((group) => ({ ...group, items: group.items.filter((item) => fits(group, item)) }))
      .filter(({ items }) => items.length);
  }, [editor, nodeId, words]);
  const flat = groups.flatMap(({ items }) => items);
  const current = Math.min(at, flat.length - 1);
  useEffect(() => {
    const leave = (event) => !box.current?.contains(event.target) && onClose();
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [onClose]);
  useEffect(() => {
    box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [current]);
  const press = (event) => {
    event.stopPropagation();
    if (event.key === "ArrowDown") setAt(Math.min(current + 1, flat.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(current - 1, 0));
    else if (event.key === "Enter" && flat[current]) onPick(flat[current].path);
    else if (event.key === "Escape") onClose(true);
    else return;
    event.preventDefault();
  };
  return (
    <div className="pf-picker" ref={box} role="group" aria-label="Values to use" onKeyDown={press}>
      <input autoFocus value={words} placeholder="Search values" aria-label="Search values" role="combobox" aria-expanded="true"
        aria-controls={listId} aria-activedescendant={flat[current] && `${listId}-${current}`} className="pf-input"
        onChange={(event) => { setWords(event.target.value); setAt(0); }} />
      <div role="listbox" id={listId} aria-label="Values" className="pf-options">
        {groups.map((group) => (
          <div key={group.hint} role="group" aria-label={group.title}>
            <div className="pf-options-title">{group.title}</div>
            {group.items.map((item) => (
              <div key={item.path} id={`${listId}-${flat.indexOf(item)}`} role="option" aria-selected={flat.indexOf(item) === current}
                className="pf-option" title={item.description || undefined}
                onPointerDown={(event) => { event.preventDefault(); onPick(item.path); }}>
                <code>{item.path}</code><span>{item.type}</span>
              </div>
            ))}
          </div>
        ))}
        {!flat.length && <p className="pf-quiet">{words ? "Nothing has these words." : "Nothing runs before this node yet."}</p>}
      </div>
    </div>
  );
}

/** A text in which values can be used: typing `{{`, or the button, opens the list. */
export function TemplateInput({ id, nodeId, value, onCommit, isLong, isInvalid, describedBy }) {
  const [text, setText, flush] = useDraft(value ?? "", onCommit);
  const [isPicking, setIsPicking] = useState(false);
  const place = useRef(null);
  const cursor = useRef(0);
  const change = (event) => {
    const { value: typed, selectionStart } = event.target;
    setText(typed);
    cursor.current = selectionStart;
    if (typed.slice(0, selectionStart).endsWith("{{") && typed.length > text.length) setIsPicking(true);
  };
  const back = (at) => requestAnimationFrame(() => {
    place.current?.focus();
    place.current?.setSelectionRange(at, at);
  });
  const pick = (path) => {
    const before = text.slice(0, cursor.current).replace(/\{\{\s*$/, "");
    const after = text.slice(cursor.current).replace(/^\s*\}\}/, "");
    const added = `${before}{{ ${path} }}`;
    setText(added + after, true);
    setIsPicking(false);
    back(added.length);
  };
  const shared = {
    ref: place, id, value: text, className: "pf-input", "aria-invalid": isInvalid, "aria-describedby": describedBy, onChange: change, onBlur: flush,
    onSelect: (event) => { cursor.current = event.target.selectionStart; },
  };
  return (
    <div className="pf-template">
      {isLong ? <textarea {...shared} rows={Math.min(12, Math.max(3, text.split("\n").length + 1))} /> : <input {...shared} />}
      <button type="button" className="pf-insert" aria-label="Insert a value" title="Insert a value" aria-expanded={isPicking}
        onClick={() => setIsPicking(!isPicking)}><Icon name="braces" size={14} /></button>
      {isPicking && <Picker nodeId={nodeId} onPick={pick} onClose={(isKey) => { setIsPicking(false); if (isKey) back(cursor.current); }} />}
    </div>
  );
}

/** The name of one value. */
export function ReferenceInput({ id, nodeId, value, onCommit, isInvalid, describedBy }) {
  const [isPicking, setIsPicking] = useState(false);
  const place = useRef(null);
  const done = () => { setIsPicking(false); place.current?.focus(); };
  return (
    <div className="pf-template">
      <button type="button" id={id} ref={place} className="pf-input pf-reference" aria-invalid={isInvalid} aria-describedby={describedBy}
        aria-expanded={isPicking} onClick={() => setIsPicking(!isPicking)}>
        {value ? <code>{value}</code> : <span className="pf-quiet">Choose a value</span>}
      </button>
      {value && <button type="button" className="pf-insert" aria-label="Clear" onClick={() => onCommit("")}><Icon name="x" size={14} /></button>}
      {isPicking && <Picker nodeId={nodeId} onPick={(path) => { onCommit(path); done(); }} onClose={(isKey) => (isKey ? done() : setIsPicking(false))} />}
    </div>
  );
}

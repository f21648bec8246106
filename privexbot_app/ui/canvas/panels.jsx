/* Panels about the whole flow: what is wrong with it, its variables and limits, and the keys. */

import { useState } from "react";
import { useDraft } from "./drafts.js";
import { Icon } from "./icons.jsx";
import { JsonInput, SchemaForm } from "./schema_form.jsx";
import { SHORTCUTS } from "./shortcuts.js";
import { useEditor, useValue } from "./store.js";

const TYPES = ["text", "number", "boolean", "list", "object", "any"];
const TITLES = { problems: "Problems", flow: "The flow", help: "Keys" };

export function Panel() {
  const editor = useEditor();
  const panel = useValue("panel");
  useValue("spec");
  if (!panel) return null;
  const close = () => editor.store.set("panel", null);
  return (
    <aside className="pf-drawer" aria-label={TITLES[panel]}>
      <header className="pf-drawer-head">
        <h2 className="pf-panel-title">{TITLES[panel]}</h2>
        <button type="button" className="pf-button" aria-label="Close" onClick={close}><Icon name="x" /></button>
      </header>
      <div className="pf-drawer-body">
        {panel === "problems" && <Problems />}
        {panel === "flow" && <Flow />}
        {panel === "help" && <Help />}
      </div>
    </aside>
  );
}

function Problems() {
  const editor = useEditor();
  const problems = useValue("problems") ?? [];
  if (!problems.length) return <p className="pf-quiet">Nothing is wrong. The flow can be published.</p>;
  const nameOf = (id) => {
    const node = editor.node(id);
    return node ? node.title || editor.kindOf(node)?.label || node.type : "The flow";
  };
  return (
    <ul className="pf-problems">
      {problems.map((problem, index) => (
        <li key={index}>
          <button type="button" data-tone={problem.severity === "error" ? "bad" : "warn"} disabled={!problem.node_id || !editor.node(problem.node_id)}
            onClick={() => editor.focus(problem.node_id)}>
            <Icon name="problem" size={15} />
            <span><strong>{nameOf(problem.node_id)}</strong><span>{problem.message}</span></span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Flow() {
  const editor = useEditor();
  const { variables, limits, channels } = editor.spec;
  const put = (index, fields) => editor.updateFlow({ variables: variables.map((old, place) => (place === index ? { ...old, ...fields } : old)) });
  return (
    <>
      <fieldset className="pf-field pf-group">
        <legend className="pf-label">Variables</legend>
        <p className="pf-quiet">Values of the whole flow, used as {"{{ vars.name }}"}.</p>
        {variables.map((variable, index) => (
          <Variable key={variable.name} variable={variable} onChange={(fields) => put(index, fields)}
            onRemove={() => editor.updateFlow({ variables: variables.filter((_, place) => place !== index) })} />
        ))}
        <NewVariable taken={variables.map(({ name }) => name)}
          onAdd={(name) => editor.updateFlow({ variables: [...variables, { name, type: "text", default: null, scope: "conversation", description: "" }] })} />
      </fieldset>
      <fieldset className="pf-field pf-group">
        <legend className="pf-label">Channels</legend>
        {(editor.channels ?? []).map((channel) => (
          <label key={channel} className="pf-tick">
            <input type="checkbox" checked={channels.includes(channel)}
              onChange={({ target }) => editor.updateFlow({ channels: target.checked ? [...channels, channel] : channels.filter((one) => one !== channel) })} />
            <span>{channel}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className="pf-field pf-group">
        <legend className="pf-label">Limits of one run</legend>
        <SchemaForm schema={editor.limitsSchema} value={limits} onChange={(next) => editor.updateFlow({ limits: next })} />
      </fieldset>
    </>
  );
}

function Variable({ variable, onChange, onRemove }) {
  return (
    <div className="pf-item">
      <div className="pf-item-body">
        <span className="pf-label"><code>{variable.name}</code></span>
        <div className="pf-two">
          <select className="pf-input" value={variable.type} aria-label={`Type of ${variable.name}`} onChange={(event) => onChange({ type: event.target.value })}>
            {TYPES.map((type) => <option key={type} value={type}>{type}</option>)}
          </select>
          <select className="pf-input" value={variable.scope} aria-label={`Life of ${variable.name}`} onChange={(event) => onChange({ scope: event.target.value })}>
            <option value="conversation">conversation</option>
            <option value="run">one run</option>
          </select>
        </div>
        <label className="pf-field"><span className="pf-quiet">Begins as</span>
          {variable.type === "text" ? <TextDefault value={variable.default} onCommit={(value) => onChange({ default: value })} />
            : <JsonInput value={variable.default} onCommit={(value) => onChange({ default: value })} />}
        </label>
      </div>
      <div className="pf-item-tools"><button type="button" aria-label={`Remove ${variable.name}`} onClick={onRemove}><Icon name="x" size={13} /></button></div>
    </div>
  );
}

function TextDefault({ value, onCommit }) {
  const [text, setText, flush] = useDraft(value === null || value === undefined ? "" : String(value), (typed) => onCommit(typed || null));
  return <input className="pf-input" value={text} onChange={(event) => setText(event.target.value)} onBlur={flush} />;
}

function NewVariable({ taken, onAdd }) {
  const [name, setName] = useState("");
  const isFit = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && !taken.includes(name);
  const add = () => {
    if (!isFit) return;
    onAdd(name);
    setName("");
  };
  return (
    <div className="pf-add-pair">
      <input className="pf-input" value={name} placeholder="Name" aria-label="Name of a new variable" aria-invalid={name && !isFit ? true : undefined}
        onChange={(event) => setName(event.target.value)} onKeyDown={(event) => { if (event.key === "Enter") add(); }} />
      <button type="button" className="pf-more" disabled={!isFit} onClick={add}><Icon name="add" size={14} />Add variable</button>
    </div>
  );
}

function Help() {
  return (
    <dl className="pf-keys">
      {SHORTCUTS.map(([keys, text]) => (
        <div key={keys}><dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{text}</dd></div>
      ))}
    </dl>
  );
}

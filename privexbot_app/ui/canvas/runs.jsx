/* What a node did when it ran last, and running it alone with given values. */

import { useMemo, useState } from "react";
import { Icon } from "./icons.jsx";
import { parsed } from "./schema_form.jsx";
import { referencesIn } from "./schemas.js";
import { useEditor, useValue } from "./store.js";

const STATUSES = { finished: "Finished", failed: "Failed", waiting: "Waiting", skipped: "Skipped" };

export function RunTab({ node }) {
  const runs = useValue("runs") ?? [];
  const own = runs.filter((run) => run.node_id === node.id);
  return (
    <>
      <Alone node={node} />
      {own.length ? own.map((run, index) => <Trace key={index} run={run} number={own.length > 1 ? index + 1 : 0} />).reverse()
        : <p className="pf-quiet">It has not run yet. Try the flow, or run this node alone.</p>}
    </>
  );
}

function Trace({ run, number }) {
  const tokens = run.prompt_tokens + run.completion_tokens;
  return (
    <section className="pf-trace" aria-label="Trace">
      <div className="pf-trace-head">
        <span className="pf-light" data-light={run.status} aria-hidden="true" />
        <strong>{STATUSES[run.status] ?? run.status}{number ? ` (${number})` : ""}</strong>
        <span>{run.duration_ms < 1000 ? `${Math.round(run.duration_ms)} ms` : `${(run.duration_ms / 1000).toFixed(1)} s`}</span>
        {tokens > 0 && <span>{tokens} tokens</span>}
        {run.attempts > 1 && <span>{run.attempts} attempts</span>}
        {run.port && run.port !== "out" && <span>by “{run.port}”</span>}
      </div>
      {run.error && <p className="pf-problem">{run.error.message} <code>{run.error.code}</code></p>}
      <Values title="Inputs" values={run.inputs} />
      <Values title="Outputs" values={run.outputs} />
    </section>
  );
}

function Values({ title, values }) {
  const entries = Object.entries(values ?? {});
  if (!entries.length) return null;
  return (
    <>
      <h4 className="pf-label">{title}</h4>
      <dl className="pf-values">
        {entries.map(([name, value]) => (
          <div key={name}><dt><code>{name}</code></dt><dd>{typeof value === "string" ? value : JSON.stringify(value, null, 1)}</dd></div>
        ))}
      </dl>
    </>
  );
}

/** Inputs by path become values by node: {"ask.answer": 1} → {ask: {answer: 1}}. */
const byNode = (inputs) => {
  const values = {};
  for (const [path, value] of Object.entries(inputs)) {
    const steps = path.split(".");
    let place = values;
    steps.forEach((step, index) => {
      if (index === steps.length - 1) place[step] = value;
      else place = place[step] = typeof place[step] === "object" && place[step] ? place[step] : {};
    });
  }
  return values;
};

function Alone({ node }) {
  const editor = useEditor();
  const kind = editor.kindOf(node);
  const isBusy = useValue("single") === node.id;
  const [typed, setTyped] = useState({});
  const [message, setMessage] = useState("");
  const paths = useMemo(() => referencesIn(node.config, kind?.settings).filter((path) => !path.startsWith("sys.")), [node.config, kind]);
  const run = () => {
    const inputs = Object.fromEntries(paths.map((path) => [path, parsed(typed[path] ?? "")]));
    editor.store.set("single", node.id);
    editor.hooks.onRunNode?.({ node_id: node.id, message, values: byNode(inputs) });
  };
  return (
    <fieldset className="pf-field pf-group">
      <legend className="pf-label">Run this node alone</legend>
      <label className="pf-field"><span className="pf-label">Message</span>
        <input className="pf-input" value={message} placeholder="What the visitor wrote" onChange={(event) => setMessage(event.target.value)} />
      </label>
      {paths.map((path) => (
        <label key={path} className="pf-field"><span className="pf-label"><code>{path}</code></span>
          <input className="pf-input" value={typed[path] ?? ""} placeholder="A text, or JSON" onChange={(event) => setTyped({ ...typed, [path]: event.target.value })} />
        </label>
      ))}
      <button type="button" className="pf-more" disabled={isBusy} onClick={run}><Icon name="play" size={13} />{isBusy ? "Running…" : "Run"}</button>
    </fieldset>
  );
}

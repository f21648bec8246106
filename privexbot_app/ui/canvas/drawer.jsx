/* The chosen node beside the canvas: its settings, where it leads, what happens when it fails, and its last run. */

import { useState } from "react";
import { useDraft } from "./drafts.js";
import { edgeId, refusal } from "./graph.js";
import { Icon, KindIcon } from "./icons.jsx";
import { RunTab } from "./runs.jsx";
import { SchemaForm } from "./schema_form.jsx";
import { useEditor, useValue } from "./store.js";
import { usedPorts, waysOut } from "./drawing.js";

export function Drawer() {
  const editor = useEditor();
  const id = useValue("open");
  useValue("spec");
  useValue("insight");
  const node = id && editor.node(id);
  if (!node) return null;
  return <NodeDrawer key={id} node={node} editor={editor} />;
}

function NodeDrawer({ node, editor }) {
  const [tab, setTab] = useState("settings");
  const kind = editor.kindOf(node);
  const [title, setTitle, flush] = useDraft(node.title, (text) => editor.updateNode(node.id, { title: text }));
  const problems = useValue(`problems:${node.id}`);
  return (
    <aside className="pf-drawer" aria-label={`Node: ${node.title || kind?.label || node.type}`}>
      <header className="pf-drawer-head">
        <span className="pf-disc" data-category={kind?.category}><KindIcon name={kind?.icon} /></span>
        <input className="pf-drawer-title" value={title} maxLength={120} placeholder={kind?.label ?? node.type} aria-label="Title"
          onChange={(event) => setTitle(event.target.value)} onBlur={flush} />
        <button type="button" className="pf-button" aria-label="Close" onClick={editor.close}><Icon name="x" /></button>
      </header>
      <div className="pf-tabs" role="tablist" aria-label="About this node">
        {[["settings", "Settings"], ["run", "Run"]].map(([value, text]) => (
          <button key={value} type="button" role="tab" id={`pf-tab-${value}`} aria-selected={tab === value} aria-controls="pf-tab-panel" onClick={() => setTab(value)}>{text}</button>
        ))}
        <code className="pf-node-id" title="The node's name in templates">{node.id}</code>
      </div>
      <div className="pf-drawer-body" id="pf-tab-panel" role="tabpanel" aria-labelledby={`pf-tab-${tab}`}>
        {tab === "run" ? <RunTab node={node} /> : <Settings node={node} kind={kind} problems={problems} />}
      </div>
    </aside>
  );
}

function Settings({ node, kind, problems }) {
  const editor = useEditor();
  const general = problems?.filter(({ field }) => !field) ?? [];
  return (
    <>
      {kind && <p className="pf-quiet">{kind.description}</p>}
      {!kind && <p className="pf-problem">This installation does not know this type of node. It is kept as it is.</p>}
      {general.map((problem) => <p key={problem.code + problem.message} className={problem.severity === "error" ? "pf-problem" : "pf-warning"}>{problem.message}</p>)}
      {kind && (
        <SchemaForm schema={kind.settings} value={node.config} nodeId={node.id} problems={problems}
          onChange={(config) => editor.updateNode(node.id, { config })} />
      )}
      <Connections node={node} />
      <details className="pf-fold">
        <summary>When it fails</summary>
        <SchemaForm schema={editor.policySchema} value={node.policy} nodeId={node.id} onChange={(policy) => editor.updateNode(node.id, { policy })} />
      </details>
      <div className="pf-drawer-end">
        <button type="button" className="pf-more" onClick={() => { editor.choose([node.id]); editor.duplicate(); }}>Duplicate</button>
        <button type="button" className="pf-more" data-tone="bad" onClick={() => { editor.choose([node.id]); editor.remove(); }}>
          <Icon name="trash" size={14} />Delete
        </button>
      </div>
    </>
  );
}

/** The same as dragging from port to port, for keyboards and small screens. */
function Connections({ node }) {
  const editor = useEditor();
  const { spec } = editor;
  const ways = waysOut(editor.portsOf(node), node.policy?.on_error, usedPorts(spec).get(node.id) ?? []);
  if (!ways.length) return null;
  const nameOf = (id) => {
    const found = editor.node(id);
    return found ? found.title || `${editor.kindOf(found)?.label ?? found.type} (${id})` : id;
  };
  return (
    <fieldset className="pf-field pf-group">
      <legend className="pf-label">Leads to</legend>
      {ways.map((way) => {
        const edges = spec.edges.filter((edge) => edge.source === node.id && edge.source_port === way.id);
        const edgeTo = (target) => ({ source: node.id, source_port: way.id, target });
        const free = spec.nodes.filter(({ id }) => !refusal(spec, edgeTo(id), editor.kindOf));
        return (
          <div key={way.id} className="pf-leads">
            {ways.length > 1 && <span className="pf-quiet">{way.label}</span>}
            {edges.map((edge) => (
              <span key={edgeId(edge)} className="pf-chip">
                <button type="button" onClick={() => editor.focus(edge.target)}>{nameOf(edge.target)}</button>
                <button type="button" aria-label={`Disconnect from ${nameOf(edge.target)}`} onClick={() => editor.disconnect(edge.id)}><Icon name="x" size={12} /></button>
              </span>
            ))}
            <select className="pf-input" value="" aria-label={`Connect ${way.label || "this node"} to`} disabled={!free.length}
              onChange={(event) => editor.connect(edgeTo(event.target.value))}>
              <option value="">Connect to…</option>
              {free.map(({ id }) => <option key={id} value={id}>{nameOf(id)}</option>)}
            </select>
          </div>
        );
      })}
    </fieldset>
  );
}

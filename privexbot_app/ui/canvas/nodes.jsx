/* Nodes, loops and notes as they stand on the canvas. Each is drawn again only for a change of its own. */

import { Handle, NodeResizer, Position, useUpdateNodeInternals } from "@xyflow/react";
import { memo, useEffect, useRef, useState } from "react";
import { PORT_HEIGHT, portTop } from "./graph.js";
import { Icon, KindIcon } from "./icons.jsx";
import { useEditor, useValue } from "./store.js";

const LIGHTS = { running: "Running", finished: "Finished", failed: "Failed", waiting: "Waiting", skipped: "Skipped" };
const BEGINNING = 80;

/** The first words of a node's configuration, so that a flow can be read without opening its nodes. */
const gist = (value) => {
  if (typeof value === "string") return value.trim();
  if (value === null || typeof value !== "object") return "";
  for (const inner of Object.values(value)) {
    const found = gist(inner);
    if (found) return found;
  }
  return "";
};

function Ways({ ways }) {
  return ways.map((way, index) => (
    <Handle key={way.id} id={way.id} type="source" position={Position.Right} className="pf-port" data-tone={way.tone}
      style={{ top: portTop(index, ways.length) }} role="img" aria-label={way.label || "Next"} />
  ));
}

function Badges({ id }) {
  const problems = useValue(`problems:${id}`);
  const light = useValue(`light:${id}`);
  const isBad = problems?.some(({ severity }) => severity === "error");
  return (
    <>
      {light && <span className="pf-light" data-light={light} role="img" aria-label={LIGHTS[light]} title={LIGHTS[light]} />}
      {problems && (
        <span className="pf-badge" data-tone={isBad ? "bad" : "warn"} title={problems.map(({ message }) => message).join("\n")}
          role="img" aria-label={`${problems.length} ${problems.length === 1 ? "problem" : "problems"}`}>
          {problems.length}
        </span>
      )}
    </>
  );
}

function Head({ item, kind }) {
  return (
    <div className="pf-head">
      <span className="pf-disc" data-category={kind?.category}><KindIcon name={kind?.icon} /></span>
      <span className="pf-words">
        <span className="pf-title">{item.title || kind?.label || item.type}</span>
        <span className="pf-gist">{gist(item.config).slice(0, BEGINNING) || kind?.description || "Unknown type of node"}</span>
      </span>
      <Badges id={item.id} />
    </div>
  );
}

/** React Flow measures a node's ports once; it is told when there are others. */
const useFreshPorts = (id, stamp) => {
  const update = useUpdateNodeInternals();
  const first = useRef(true);
  useEffect(() => {
    if (first.current) first.current = false;
    else update(id);
  }, [id, stamp, update]);
};

export const Step = memo(function Step({ id, data, selected }) {
  const { kindOf } = useEditor();
  const { item, ways, stamp } = data;
  const kind = kindOf(item);
  const light = useValue(`light:${id}`);
  useFreshPorts(id, stamp);
  return (
    <div className="pf-node" data-selected={selected} data-light={light} data-unknown={!kind} data-node={id}>
      {!kind?.is_trigger && <Handle id="in" type="target" position={Position.Left} className="pf-port" style={{ top: portTop(0, 1) }} />}
      <Head item={item} kind={kind} />
      {ways.length > 1 && ways.map((way) => (
        <div key={way.id} className="pf-way" data-tone={way.tone} style={{ height: PORT_HEIGHT }}>{way.label}</div>
      ))}
      <Ways ways={ways} />
    </div>
  );
});

export const Loop = memo(function Loop({ id, data, selected }) {
  const editor = useEditor();
  const { item, ways, stamp } = data;
  const light = useValue(`light:${id}`);
  useFreshPorts(id, stamp);
  return (
    <div className="pf-loop" data-selected={selected} data-light={light} data-node={id}>
      <NodeResizer isVisible={selected} minWidth={240} minHeight={140} onResizeEnd={(_, box) => editor.takeSize(id, box)} />
      <Handle id="in" type="target" position={Position.Left} className="pf-port" style={{ top: portTop(0, 1) }} />
      <Head item={item} kind={editor.kindOf(item)} />
      <Ways ways={ways} />
    </div>
  );
});

export const Comment = memo(function Comment({ id, data, selected }) {
  const editor = useEditor();
  const { item } = data;
  const [text, setText] = useState(item.text);
  useEffect(() => setText(item.text), [item.text]);
  const colors = ["yellow", "blue", "green", "pink", "gray"];
  return (
    <div className="pf-note" data-color={item.color} data-selected={selected}>
      <NodeResizer isVisible={selected} minWidth={120} minHeight={64} onResizeEnd={(_, box) => editor.takeSize(id, box)} />
      {selected && (
        <div className="pf-note-tools nodrag">
          {colors.map((color) => (
            <button key={color} type="button" data-color={color} aria-label={`Colour: ${color}`} aria-pressed={color === item.color}
              onClick={() => editor.updateComment(id, { color })} />
          ))}
        </div>
      )}
      <textarea className="nodrag nowheel" value={text} maxLength={4000} placeholder="Write a note" aria-label="Text of the note"
        onChange={(event) => setText(event.target.value)} onBlur={() => text !== item.text && editor.updateComment(id, { text })} />
      <span className="pf-note-grip" aria-hidden="true"><Icon name="grip" size={12} /></span>
    </div>
  );
});

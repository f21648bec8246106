/* The flow as React Flow wants it. What has not changed stays the same object, so that it is not drawn again. */

import { Position } from "@xyflow/react";
import { ERROR_PORT, byId, kindKey, portTop, sizeOf } from "./graph.js";

/** The ways out of a node: its type's, the one for errors, and lost ones that a connection still leaves by. */
export const waysOut = (ports, onError, used) => {
  const ways = ports.map((port) => ({ id: port.id, label: port.label || (ports.length > 1 ? port.id : "") }));
  if (onError === "branch") ways.push({ id: ERROR_PORT, label: "Error", tone: "bad" });
  const known = new Set(ways.map(({ id }) => id));
  for (const id of used) if (!known.has(id)) ways.push({ id, label: id, tone: "lost" });
  return ways;
};

export const usedPorts = (spec) => {
  const used = new Map();
  for (const { source, source_port: port } of spec.edges) used.set(source, (used.get(source) ?? new Set()).add(port));
  return used;
};

const NONE = new Set();

/** select: the ids that are chosen; undefined keeps what was chosen. */
export const drawnNodes = (editor, before, select) => {
  const old = byId(before);
  const used = usedPorts(editor.spec);
  const draw = (item, make) => {
    const shown = old.get(item.id);
    const selected = select ? select.has(item.id) : (shown?.selected ?? false);
    const ways = item.type ? waysOut(editor.portsOf(item), item.policy?.on_error, used.get(item.id) ?? NONE) : [];
    const stamp = ways.map((way) => `${way.id}:${way.label}`).join();
    if (shown && shown.data.item === item && shown.data.stamp === stamp && Boolean(shown.selected) === selected) return shown;
    return { ...make(item, ways), id: item.id, position: item.position, selected, data: { item, ways, stamp } };
  };
  return [
    ...editor.spec.comments.map((comment) => draw(comment, drawnComment)),
    ...outerFirst(editor.spec.nodes).map((node) => draw(node, (item, ways) => drawnNode(item, ways, editor.kindOf(item)))),
  ];
};

const drawnComment = ({ size }) => ({ type: "comment", width: size.width, height: size.height, zIndex: -2, ariaLabel: "Note" });

const drawnNode = (node, ways, kind) => {
  const { width, height } = sizeOf(node, kind, ways);
  const handles = ways.map((way, index) => handleAt(way.id, "source", Position.Right, width, portTop(index, ways.length)));
  if (!kind?.is_trigger) handles.push(handleAt("in", "target", Position.Left, 0, portTop(0, 1)));
  return {
    type: kind?.is_container ? "loop" : "step",
    zIndex: kind?.is_container ? -1 : 0,
    width,
    height,
    handles,
    parentId: node.parent ?? undefined,
    ariaLabel: `${node.title || kind?.label || kindKey(node)}, ${kind?.label ?? "unknown type"}`,
  };
};

const handleAt = (id, type, position, x, y) => ({ id, type, position, x: x - 7, y: y - 7, width: 14, height: 14 });

/** Loops before what stands inside them, as React Flow asks. */
const outerFirst = (nodes) => {
  if (!nodes.some(({ parent }) => parent)) return nodes;
  const all = byId(nodes);
  const done = new Set();
  const ordered = [];
  const add = (node, around) => {
    if (done.has(node.id) || around.has(node.id)) return;
    const parent = all.get(node.parent);
    if (parent) add(parent, new Set([...around, node.id]));
    if (done.has(node.id)) return;
    done.add(node.id);
    ordered.push(node);
  };
  for (const node of nodes) add(node, new Set());
  return ordered;
};

export const drawnEdges = (editor, before, select) => {
  const old = byId(before);
  const known = new Set(editor.spec.nodes.map(({ id }) => id));
  const drawn = [];
  for (const edge of editor.spec.edges) {
    if (!known.has(edge.source) || !known.has(edge.target)) continue;
    const shown = old.get(edge.id);
    const selected = select ? select.has(edge.id) : (shown?.selected ?? false);
    if (shown && shown.data.item === edge && Boolean(shown.selected) === selected) drawn.push(shown);
    else {
      drawn.push({
        id: edge.id,
        type: "wire",
        source: edge.source,
        sourceHandle: edge.source_port,
        target: edge.target,
        targetHandle: "in",
        selected,
        data: { item: edge },
      });
    }
  }
  return drawn;
};

/* Where a new node goes, and which loop a moved one stands in. Pure. */

import { HEAD_HEIGHT, NODE_WIDTH, absolute, byId, sizeOf, withInsides } from "./graph.js";

const BEHIND = 72;
const BELOW = 32;

const rounded = ({ x, y }) => ({ x: Math.round(x), y: Math.round(y) });

/** {parent, position} of a new node. at: a point of the canvas; before: the node that leads to it; middle: otherwise. */
export const placeFor = (spec, kind, { at, before, middle }, kindOf, portsOf) => {
  const nodes = byId(spec.nodes);
  if (at) {
    const loop = before ? nodes.get(before.parent) : !kind.is_trigger && loopAt(spec, at, new Set(), kindOf);
    const corner = loop ? absolute(nodes, loop) : { x: 0, y: 0 };
    return { parent: loop?.id ?? null, position: rounded({ x: at.x - corner.x, y: at.y - corner.y }) };
  }
  const parent = before?.parent ?? null;
  const width = before ? sizeOf(before, kindOf(before), portsOf(before)).width : 0;
  const wanted = before ? { x: before.position.x + width + BEHIND, y: before.position.y } : middle;
  return { parent, position: free(spec, rounded(wanted), parent) };
};

/** The place, or the next one below it that nothing stands on. */
const free = (spec, place, parent) => {
  const others = spec.nodes.filter((node) => (node.parent ?? null) === parent);
  const isTaken = ({ x, y }) => others.some(({ position }) => Math.abs(position.x - x) < NODE_WIDTH && Math.abs(position.y - y) < HEAD_HEIGHT);
  let found = place;
  while (isTaken(found)) found = { x: found.x, y: found.y + HEAD_HEIGHT + BELOW };
  return found;
};

/** The innermost loop that a point lies in, or null. */
const loopAt = (spec, point, except, kindOf) => {
  const nodes = byId(spec.nodes);
  let found = null;
  let smallest = Infinity;
  for (const node of spec.nodes) {
    if (!kindOf(node)?.is_container || except.has(node.id)) continue;
    const { width, height } = sizeOf(node, kindOf(node), []);
    const { x, y } = absolute(nodes, node);
    const isInside = point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
    if (isInside && width * height < smallest) [found, smallest] = [node, width * height];
  }
  return found;
};

/** The flow in which every moved node belongs to the loop that it was put into; no connection crosses a border. */
export const adopted = (spec, moved, kindOf, portsOf) => {
  const nodes = byId(spec.nodes);
  const changed = new Map();
  for (const node of moved) {
    const isCarried = moved.some(({ id }) => id !== node.id && withInsides(spec, [id]).has(node.id));
    if (kindOf(node)?.is_trigger || isCarried) continue;
    const corner = absolute(nodes, node);
    const size = sizeOf(node, kindOf(node), portsOf(node));
    const middle = { x: corner.x + size.width / 2, y: corner.y + Math.min(size.height, HEAD_HEIGHT) / 2 };
    const loop = loopAt(spec, middle, withInsides(spec, [node.id]), kindOf);
    if ((loop?.id ?? null) === (node.parent ?? null)) continue;
    const base = loop ? absolute(nodes, loop) : { x: 0, y: 0 };
    changed.set(node.id, { ...node, parent: loop?.id ?? null, position: { x: corner.x - base.x, y: corner.y - base.y } });
  }
  return changed.size ? withoutCrossing({ ...spec, nodes: spec.nodes.map((node) => changed.get(node.id) ?? node) }) : spec;
};

const withoutCrossing = (spec) => {
  const parents = new Map(spec.nodes.map(({ id, parent }) => [id, parent ?? null]));
  return { ...spec, edges: spec.edges.filter(({ source, target }) => parents.get(source) === parents.get(target)) };
};

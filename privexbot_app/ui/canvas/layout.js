/* Where nodes stand: layers from left to right, lines, equal distances. Pure. */

import { absolute, byId, sizeOf } from "./graph.js";

const ACROSS = 72;
const BETWEEN = 28;
const SWEEPS = 4;
const INSET = { x: 28, y: 84 };

const round = (number) => Math.round(number / 4) * 4;

/** The flow with every node placed anew; what stands inside a loop first, as it decides how large the loop is. */
export const arranged = (spec, kindOf, portsOf) => {
  const levels = new Map();
  for (const node of spec.nodes) {
    const parent = node.parent ?? null;
    levels.set(parent, [...(levels.get(parent) ?? []), node]);
  }
  const placed = new Map();
  const seen = new Set();
  const arrange = (parent) => {
    if (seen.has(parent)) return { width: 0, height: 0 };
    seen.add(parent);
    const nodes = (levels.get(parent) ?? []).map((node) => {
      let size = sizeOf(node, kindOf(node), portsOf(node));
      if (levels.has(node.id)) {
        const inside = arrange(node.id);
        size = { width: Math.max(320, inside.width + 2 * INSET.x), height: Math.max(180, inside.height + INSET.y + INSET.x) };
      }
      return { node, size };
    });
    const offset = parent === null ? { x: 0, y: 0 } : INSET;
    return place(nodes, spec.edges, offset, placed);
  };
  arrange(null);
  return {
    ...spec,
    nodes: spec.nodes.map((node) => {
      const found = placed.get(node.id);
      if (!found) return node;
      return { ...node, position: found.position, ...(levels.has(node.id) ? { size: found.size } : {}) };
    }),
  };
};

const place = (items, edges, offset, placed) => {
  const ids = new Set(items.map(({ node }) => node.id));
  const own = edges.filter(({ source, target }) => ids.has(source) && ids.has(target));
  const layers = sorted(layered(items, own), own);
  let x = offset.x;
  let height = 0;
  const heights = layers.map((layer) => layer.reduce((sum, { size }) => sum + size.height + BETWEEN, -BETWEEN));
  const tallest = Math.max(0, ...heights);
  layers.forEach((layer, index) => {
    const width = Math.max(0, ...layer.map(({ size }) => size.width));
    let y = offset.y + (tallest - heights[index]) / 2;
    for (const { node, size } of layer) {
      placed.set(node.id, { position: { x: round(x), y: round(y) }, size: { width: round(size.width), height: round(size.height) } });
      y += size.height + BETWEEN;
    }
    height = Math.max(height, y - BETWEEN - offset.y);
    x += width + ACROSS;
  });
  return { width: Math.max(0, x - ACROSS - offset.x), height };
};

/** Each node one layer behind the farthest that leads to it. Circles, which a flow should not have, are cut. */
const layered = (items, edges) => {
  const depth = new Map(items.map(({ node }) => [node.id, 0]));
  const open = new Map(items.map(({ node }) => [node.id, 0]));
  const targets = new Map(items.map(({ node }) => [node.id, []]));
  for (const { source, target } of edges) {
    open.set(target, open.get(target) + 1);
    targets.get(source).push(target);
  }
  const ready = items.filter(({ node }) => !open.get(node.id)).map(({ node }) => node.id);
  while (ready.length) {
    const id = ready.shift();
    for (const target of targets.get(id)) {
      depth.set(target, Math.max(depth.get(target), depth.get(id) + 1));
      open.set(target, open.get(target) - 1);
      if (!open.get(target)) ready.push(target);
    }
  }
  const layers = [];
  for (const item of items) (layers[depth.get(item.node.id)] ??= []).push(item);
  return layers.filter(Boolean);
};

/** Fewer crossings: nodes in the order of the middle of their neighbours, forth and back. */
const sorted = (layers, edges) => {
  const neighbours = new Map();
  const add = (id, other) => neighbours.set(id, [...(neighbours.get(id) ?? []), other]);
  for (const { source, target } of edges) {
    add(source, target);
    add(target, source);
  }
  const rank = new Map();
  const number = (layer) => layer.forEach(({ node }, index) => rank.set(node.id, (index + 0.5) / layer.length));
  layers.forEach((layer) => layer.sort((one, other) => one.node.position.y - other.node.position.y));
  layers.forEach(number);
  const middle = ({ node }) => {
    const found = (neighbours.get(node.id) ?? []).map((id) => rank.get(id));
    return found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : rank.get(node.id);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const layer of sweep % 2 ? [...layers].reverse() : layers) {
      const wanted = new Map(layer.map((item) => [item, middle(item)]));
      layer.sort((one, other) => wanted.get(one) - wanted.get(other));
      number(layer);
    }
  }
  return layers;
};

/** Boxes of the chosen nodes and comments, counted from the canvas. */
const boxes = (spec, ids, kindOf, portsOf) => {
  const nodes = byId(spec.nodes);
  return [
    ...spec.nodes.filter(({ id }) => ids.has(id)).map((node) => ({ id: node.id, ...absolute(nodes, node), ...sizeOf(node, kindOf(node), portsOf(node)) })),
    ...spec.comments.filter(({ id }) => ids.has(id)).map(({ id, position, size }) => ({ id, ...position, ...size })),
  ];
};

/** The smallest box around the chosen ones, or null. */
export const boundsOf = (spec, ids, kindOf, portsOf) => {
  const found = boxes(spec, ids, kindOf, portsOf);
  if (!found.length) return null;
  const x = Math.min(...found.map((box) => box.x));
  const y = Math.min(...found.map((box) => box.y));
  const right = Math.max(...found.map((box) => box.x + box.width));
  const bottom = Math.max(...found.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
};

const moved = (spec, shifts) => {
  const move = (item) => {
    const shift = shifts.get(item.id);
    if (!shift || (!shift.x && !shift.y)) return item;
    return { ...item, position: { x: item.position.x + shift.x, y: item.position.y + shift.y } };
  };
  return { ...spec, nodes: spec.nodes.map(move), comments: spec.comments.map(move) };
};

const SIDES = {
  left: { axis: "x", size: "width", share: 0 },
  center: { axis: "x", size: "width", share: 0.5 },
  right: { axis: "x", size: "width", share: 1 },
  top: { axis: "y", size: "height", share: 0 },
  middle: { axis: "y", size: "height", share: 0.5 },
  bottom: { axis: "y", size: "height", share: 1 },
};

/** The flow with the chosen ones on one line. side: left, center, right, top, middle or bottom. */
export const aligned = (spec, ids, side, kindOf, portsOf) => {
  const { axis, size, share } = SIDES[side];
  const found = boxes(spec, ids, kindOf, portsOf);
  if (found.length < 2) return spec;
  const low = Math.min(...found.map((box) => box[axis]));
  const high = Math.max(...found.map((box) => box[axis] + box[size]));
  const line = low + (high - low) * share;
  const shifts = new Map(found.map((box) => [box.id, { x: 0, y: 0, [axis]: Math.round(line - box[axis] - box[size] * share) }]));
  return moved(spec, shifts);
};

/** The flow with equal distances between the chosen ones. axis: x or y. */
export const distributed = (spec, ids, axis, kindOf, portsOf) => {
  const size = axis === "x" ? "width" : "height";
  const found = boxes(spec, ids, kindOf, portsOf).sort((one, other) => one[axis] - other[axis]);
  if (found.length < 3) return spec;
  const last = found[found.length - 1];
  const free = last[axis] + last[size] - found[0][axis] - found.reduce((sum, box) => sum + box[size], 0);
  const gap = free / (found.length - 1);
  let at = found[0][axis];
  const shifts = new Map();
  for (const box of found) {
    shifts.set(box.id, { x: 0, y: 0, [axis]: Math.round(at - box[axis]) });
    at += box[size] + gap;
  }
  return moved(spec, shifts);
};

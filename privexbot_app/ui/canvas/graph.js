/* A flow as data: what it looks like on the canvas, what changed in it, what a node may use. Pure; knows no React. */

export const DEFAULT_PORT = "out";
export const ERROR_PORT = "error";
export const NODE_WIDTH = 232;
export const HEAD_HEIGHT = 56;
export const PORT_HEIGHT = 26;
export const LOOP_SIZE = { width: 420, height: 240 };
export const COMMENT_SIZE = { width: 240, height: 120 };
export const SYSTEM_VALUES = ["message", "date", "session_id", "channel", "bot_name", "language"];

export const EMPTY = {
  nodes: [],
  edges: [],
  variables: [],
  comments: [],
  limits: { steps: 200, seconds: 120, tokens: 50000 },
  channels: ["web", "api"],
};
const LISTS = ["nodes", "edges", "comments"];
const WHOLES = ["variables", "limits", "channels"];

export const kindKey = (node) => `${node.type}@${node.version ?? 1}`;
export const same = (one, other) => one === other || JSON.stringify(one) === JSON.stringify(other);
export const byId = (list) => new Map(list.map((item) => [item.id, item]));

/** A free id such as `reply_2`; the words of templates are made of these, so they stay readable. */
export const freshId = (wish, taken) => {
  const stem = wish.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^[^A-Za-z]+/, "").slice(0, 56) || "node";
  if (!taken.has(stem)) return stem;
  const bare = stem.replace(/_\d+$/, "");
  for (let number = 2; ; number += 1) if (!taken.has(`${bare}_${number}`)) return `${bare}_${number}`;
};

export const takenIds = (spec) => new Set(["vars", "sys", ...spec.nodes.map(({ id }) => id), ...spec.comments.map(({ id }) => id)]);

export const edgeId = ({ source, source_port: port, target }) => `${source}:${port}-${target}`;

/** What has to be sent so that `before` becomes `after`: whole new items, changed fields of known ones, ids of lost ones. */
export const diff = (before, after) => {
  const patch = {};
  for (const name of LISTS) {
    if (before[name] === after[name]) continue;
    const known = byId(before[name]);
    const put = [];
    for (const item of after[name]) {
      const old = known.get(item.id);
      known.delete(item.id);
      if (old === item) continue;
      const changed = old ? changedFields(old, item) : item;
      if (!old || Object.keys(changed).length) put.push({ ...changed, id: item.id });
    }
    if (put.length || known.size) patch[name] = { put, drop: [...known.keys()] };
  }
  for (const name of WHOLES) if (!same(before[name], after[name])) patch[name] = after[name];
  return patch;
};

const changedFields = (old, item) => {
  const changed = {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(item)])) {
    if (!same(old[name], item[name])) changed[name] = item[name] ?? null;
  }
  return changed;
};

export const isEmpty = (patch) => Object.keys(patch).length === 0;

/** Ids of the nodes whose values a node may use; the rule of `flow.checks`. */
export const upstreamOf = (spec, id) => {
  const nodes = byId(spec.nodes);
  const sources = new Map();
  for (const { source, target } of spec.edges) sources.set(target, [...(sources.get(target) ?? []), source]);
  const found = new Set();
  const climb = (from) => {
    const pending = [...(sources.get(from) ?? [])];
    while (pending.length) {
      const source = pending.pop();
      if (found.has(source) || !nodes.has(source)) continue;
      found.add(source);
      pending.push(...(sources.get(source) ?? []));
    }
  };
  const around = new Set();
  for (let current = id; current && nodes.has(current) && !around.has(current); current = nodes.get(current).parent) {
    around.add(current);
    climb(current);
    if (current !== id) found.add(current);
  }
  for (const node of spec.nodes) if (node.parent === id) found.add(node.id);
  return found;
};

export const leadsTo = (edges, from, to) => {
  const seen = new Set();
  const pending = [from];
  while (pending.length) {
    const id = pending.pop();
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    for (const edge of edges) if (edge.source === id) pending.push(edge.target);
  }
  return false;
};

/** Why two nodes cannot be connected, or an empty string. */
export const refusal = (spec, { source, source_port: port, target }, kindOf) => {
  const nodes = byId(spec.nodes);
  const [from, to] = [nodes.get(source), nodes.get(target)];
  if (!from || !to) return "There is no such node.";
  if (source === target) return "A node cannot lead to itself.";
  if (kindOf(to)?.is_trigger) return "Nothing can lead to the start.";
  if ((from.parent ?? null) !== (to.parent ?? null)) return "A connection cannot cross the border of a loop.";
  if (spec.edges.some((edge) => edge.source === source && edge.source_port === port && edge.target === target)) {
    return "These are connected already.";
  }
  if (leadsTo(spec.edges, target, source)) return "This would lead in a circle. Put what repeats into a loop.";
  return "";
};

/** The items with those of `ids`, and all that stands inside them. */
export const withInsides = (spec, ids) => {
  const all = new Set(ids);
  for (let size = -1; size !== all.size; ) {
    size = all.size;
    for (const node of spec.nodes) if (node.parent && all.has(node.parent)) all.add(node.id);
  }
  return all;
};

export const without = (spec, ids, edgeIds = new Set()) => {
  const gone = withInsides(spec, ids);
  return {
    ...spec,
    nodes: spec.nodes.filter(({ id }) => !gone.has(id)),
    comments: spec.comments.filter(({ id }) => !gone.has(id)),
    edges: spec.edges.filter(({ id, source, target }) => !edgeIds.has(id) && !gone.has(source) && !gone.has(target)),
  };
};

export const heightOf = (ports) => HEAD_HEIGHT + (ports.length > 1 ? ports.length * PORT_HEIGHT + 6 : 0);

/** A node's size as it is drawn. */
export const sizeOf = (node, kind, ports) => {
  if (kind?.is_container) return node.size ?? LOOP_SIZE;
  return { width: NODE_WIDTH, height: heightOf(ports) };
};

export const portTop = (index, count) =>
  count > 1 ? HEAD_HEIGHT + index * PORT_HEIGHT + PORT_HEIGHT / 2 : HEAD_HEIGHT / 2;

/** Where a node stands, counted from the canvas and not from the loop around it. */
export const absolute = (nodes, node) => {
  let { x, y } = node.position;
  const seen = new Set([node.id]);
  for (let parent = nodes.get(node.parent); parent && !seen.has(parent.id); parent = nodes.get(parent.parent)) {
    seen.add(parent.id);
    x += parent.position.x;
    y += parent.position.y;
  }
  return { x, y };
};

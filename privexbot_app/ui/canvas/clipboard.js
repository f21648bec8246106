/* Parts of a flow as text, so that they travel between flows, tabs and installations. Pure, but for the last two. */

import { edgeId, freshId, takenIds, withInsides } from "./graph.js";

const MARK = "privexbot/flow";
const SHELF = "privexbot-flow-clipboard";

export const packed = (spec, ids) => {
  const all = withInsides(spec, ids);
  const nodes = spec.nodes.filter(({ id }) => all.has(id));
  return JSON.stringify({
    kind: MARK,
    nodes: nodes.map((node) => (all.has(node.parent) ? node : { ...node, parent: null })),
    edges: spec.edges.filter(({ source, target }) => all.has(source) && all.has(target)),
    comments: spec.comments.filter(({ id }) => all.has(id)),
  });
};

/** What a text holds, or null. */
export const unpacked = (text) => {
  try {
    const found = JSON.parse(text);
    const isOurs = found?.kind === MARK && ["nodes", "edges", "comments"].every((name) => Array.isArray(found[name]));
    return isOurs ? found : null;
  } catch {
    return null;
  }
};

/** The flow with parts added under free ids; templates of the parts follow. Returns {spec, ids}. */
export const pasted = (spec, parts, { at, kindOf }) => {
  const taken = takenIds(spec);
  const names = new Map();
  for (const { id } of [...parts.nodes, ...parts.comments]) {
    names.set(id, freshId(id, taken));
    taken.add(names.get(id));
  }
  const tops = [...parts.nodes.filter(({ parent }) => !parent), ...parts.comments];
  const corner = { x: Math.min(...tops.map(({ position }) => position.x)), y: Math.min(...tops.map(({ position }) => position.y)) };
  const move = ({ x, y }) => (at ? { x: Math.round(x - corner.x + at.x), y: Math.round(y - corner.y + at.y) } : { x: x + 40, y: y + 40 });
  const nodes = parts.nodes.map((node) => ({
    ...node,
    id: names.get(node.id),
    parent: node.parent ? names.get(node.parent) : null,
    position: node.parent ? node.position : move(node.position),
    config: renamed(node.config, kindOf(node)?.settings, names),
  }));
  const edges = parts.edges.map((edge) => {
    const moved = { ...edge, source: names.get(edge.source), target: names.get(edge.target) };
    return { ...moved, id: edgeId(moved) };
  });
  const comments = parts.comments.map((comment) => ({ ...comment, id: names.get(comment.id), position: move(comment.position) }));
  return {
    spec: {
      ...spec,
      nodes: [...spec.nodes, ...nodes],
      edges: [...spec.edges, ...edges],
      comments: [...spec.comments, ...comments],
    },
    ids: [...nodes.filter(({ parent }) => !parent), ...comments].map(({ id }) => id),
  };
};

/** A configuration in which references to renamed nodes follow them. */
export const renamed = (config, schema, names) => mapped(config, schema, schema, (text, field) => {
  if (field?.format === "reference") return swap(text, names);
  return text.replace(/(\{\{\s*)([A-Za-z0-9_-]+)/g, (_, open, root) => open + (names.get(root) ?? root));
});

const swap = (path, names) => {
  const [root, ...rest] = path.split(".");
  return [names.get(root) ?? root, ...rest].join(".");
};

const mapped = (value, field, root, change) => {
  const own = field?.$ref ? root.$defs?.[field.$ref.split("/").pop()] : field;
  if (typeof value === "string") return change(value, own);
  if (Array.isArray(value)) return value.map((item) => mapped(item, own?.items, root, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, mapped(item, own?.properties?.[name] ?? own?.additionalProperties, root, change)]),
  );
};

/** Keep a text for a later paste, also where the browser gives no clipboard. */
export const keep = (text) => {
  try {
    localStorage.setItem(SHELF, text);
  } catch {
    // Storage may be full or denied; the browser's own clipboard is left.
  }
};

export const kept = () => {
  try {
    return localStorage.getItem(SHELF) ?? "";
  } catch {
    return "";
  }
};

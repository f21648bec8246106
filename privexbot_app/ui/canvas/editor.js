/* What can be done to a flow. The flow itself is plain data; React Flow shows it and reports finished gestures. */

import { keep, kept, packed, pasted, unpacked } from "./clipboard.js";
import {
  COMMENT_SIZE,
  EMPTY,
  HEAD_HEIGHT,
  LOOP_SIZE,
  NODE_WIDTH,
  byId,
  diff,
  edgeId,
  freshId,
  isEmpty,
  kindKey,
  refusal,
  same,
  takenIds,
  without,
} from "./graph.js";
import { aligned, arranged, distributed } from "./layout.js";
import { drawnEdges, drawnNodes } from "./drawing.js";
import { adopted, placeFor } from "./placing.js";
import { Saving } from "./saving.js";
import { Store } from "./store.js";
import { viewOf, viewRevealing } from "./view.js";

const MOST_STEPS = 100;

export class Editor {
  store = new Store();
  spec = EMPTY;
  kinds = new Map();
  hooks = {};
  #past = [];
  #future = [];
  #shapes = new Map();
  #saving = new Saving((commit) => this.hooks.onCommit?.(commit), (isUnsaved) => this.store.set("unsaved", isUnsaved));

  // — what is known —

  kindOf = (node) => this.kinds.get(kindKey(node));
  portsOf = (node) => this.#shapes.get(node.id)?.ports ?? this.kindOf(node)?.ports ?? [{ id: "out", label: "" }];
  outputsOf = (node) => this.#shapes.get(node.id)?.outputs ?? this.kindOf(node)?.outputs ?? [];
  node = (id) => this.spec.nodes.find((node) => node.id === id);
  chosen = () => new Set(this.api.getState().nodes.filter(({ selected }) => selected).map(({ id }) => id));
  chosenEdges = () => new Set(this.api.getState().edges.filter(({ selected }) => selected).map(({ id }) => id));

  setKinds(kinds) {
    this.kinds = new Map(kinds.map((kind) => [kindKey(kind), kind]));
    this.store.set("kinds", kinds);
  }

  /** What only the server knows: the problems; and ports and outputs, as `shapes` and which of them a node has. */
  setInsight({ shapes = [], shape_of: shapeOf = {}, problems = [] }) {
    this.#shapes = new Map(Object.entries(shapeOf).map(([id, index]) => [id, shapes[index]]));
    const grouped = new Map();
    for (const problem of problems) {
      if (problem.node_id) grouped.set(problem.node_id, [...(grouped.get(problem.node_id) ?? []), problem]);
    }
    this.store.setAll("problems", grouped, same);
    this.store.set("problems", problems);
    this.store.set("insight", this.#shapes);
  }

  setRuns(lights, runs) {
    this.store.setAll("light", new Map(Object.entries(lights ?? {})));
    this.store.set("runs", runs ?? []);
  }

  // — the flow —

  /** Begin with the server's flow. */
  seed(spec, rev) {
    this.spec = { ...EMPTY, ...spec };
    this.#past = [];
    this.#future = [];
    this.#saving.begin(this.spec, rev);
    this.store.set("open", null);
    this.#draw(new Set());
  }

  acknowledge = (seq) => this.#saving.acknowledge(seq);
  refuse = (seq) => this.#saving.refuse(seq);
  saveNow = () => this.#saving.again();
  stop = () => this.#saving.stop();

  /** Make `next` the flow: one step back for undo, one commit. select: ids that are chosen afterwards. */
  change(next, { select } = {}) {
    if (next === this.spec || isEmpty(diff(this.spec, next))) return;
    this.#past = [...this.#past.slice(1 - MOST_STEPS), this.spec];
    this.#future = [];
    this.#become(next, select);
  }

  undo = () => this.#step(this.#past, this.#future);
  redo = () => this.#step(this.#future, this.#past);

  #step(from, to) {
    if (!from.length) return;
    to.push(this.spec);
    this.#become(from.pop());
  }

  #become(next, select) {
    this.spec = next;
    this.#draw(select && new Set(select));
    this.#saving.want(next);
  }

  #draw(select) {
    const { nodes, edges, setNodes, setEdges } = this.api.getState();
    setNodes(drawnNodes(this, nodes, select));
    setEdges(drawnEdges(this, edges, select && new Set()));
    this.store.set("spec", this.spec);
    this.store.set("steps", `${this.#past.length}/${this.#future.length}`);
    const open = this.store.get("open");
    if (open && !this.node(open)) this.store.set("open", null);
  }

  /** What the server knows of ports has changed. */
  redraw = () => this.#draw();

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  // — single things —

  updateNode(id, fields) {
    const nodes = this.spec.nodes.map((node) => (node.id === id && !same({ ...node, ...fields }, node) ? { ...node, ...fields } : node));
    this.change({ ...this.spec, nodes });
  }

  updateComment(id, fields) {
    this.change({ ...this.spec, comments: this.spec.comments.map((comment) => (comment.id === id ? { ...comment, ...fields } : comment)) });
  }

  updateFlow = (fields) => this.change({ ...this.spec, ...fields });

  /** Place a node. at: its corner on the canvas; without it, behind the chosen one or in the middle. from: {id, port}. */
  addNode(kind, { at, from } = {}) {
    const source = from ?? (at ? null : this.#freePort());
    const before = source && this.node(source.id);
    const node = {
      id: freshId(kind.type, takenIds(this.spec)),
      type: kind.type,
      version: kind.version,
      title: "",
      config: structuredClone(kind.defaults),
      policy: structuredClone(this.defaultPolicy),
      ...placeFor(this.spec, kind, { at, before, middle: this.middle() }, this.kindOf, this.portsOf),
      size: kind.is_container ? LOOP_SIZE : null,
    };
    let next = { ...this.spec, nodes: [...this.spec.nodes, node] };
    const edge = source && { source: source.id, source_port: source.port, target: node.id };
    if (edge && !refusal(next, edge, this.kindOf)) next = { ...next, edges: [...next.edges, { id: edgeId(edge), ...edge }] };
    this.change(next, { select: [node.id] });
    this.openNode(node.id);
    return node.id;
  }

  #freePort() {
    const [id, ...more] = this.chosen();
    const node = id && !more.length ? this.node(id) : null;
    const used = new Set(this.spec.edges.filter(({ source }) => source === id).map(({ source_port: port }) => port));
    const port = node && this.portsOf(node).find((port) => !used.has(port.id));
    return port ? { id, port: port.id } : null;
  }

  /** Where the pointer is on the canvas, if it is there. */
  get pointer() {
    return this.pointerOnScreen ? this.flow.screenToFlowPosition(this.pointerOnScreen) : null;
  }

  /** The canvas's visible middle. */
  middle() {
    const { width, height, transform: [x, y, zoom] } = this.api.getState();
    return { x: (width / 2 - x) / zoom - NODE_WIDTH / 2, y: (height / 2 - y) / zoom - HEAD_HEIGHT / 2 };
  }

  addComment(at = this.middle()) {
    const id = freshId("note", takenIds(this.spec));
    const position = { x: Math.round(at.x), y: Math.round(at.y) };
    const comment = { id, text: "", position, size: COMMENT_SIZE, color: "yellow" };
    this.change({ ...this.spec, comments: [...this.spec.comments, comment] }, { select: [id] });
  }

  /** Connect two nodes. Returns why not, or an empty string. */
  connect(edge) {
    const why = refusal(this.spec, edge, this.kindOf);
    if (why) this.say(why);
    else this.change({ ...this.spec, edges: [...this.spec.edges, { id: edgeId(edge), ...edge }] });
    return why;
  }

  disconnect = (id) => this.change({ ...this.spec, edges: this.spec.edges.filter((edge) => edge.id !== id) });

  openNode(id) {
    this.store.set("panel", null);
    this.store.set("open", id);
    this.#reveal(id);
  }

  /** Move the view so far that a node is not hidden, once the drawer has taken its room. */
  #reveal(id) {
    requestAnimationFrame(() => requestAnimationFrame(() => this.#look(viewRevealing(this, id), 150)));
  }

  #look(viewport, duration) {
    if (viewport) this.flow.setViewport(viewport, { duration: this.calm ? 0 : duration });
  }

  openPanel(name) {
    this.store.set("open", null);
    this.store.set("panel", name);
  }

  close = () => this.store.set("open", null);
  say = (text) => this.store.set("said", { text });

  /** Choose a node, bring it to the middle and open it. */
  focus(id) {
    this.choose([id]);
    if (this.node(id)) this.store.set("open", id);
    this.store.set("panel", this.node(id) ? null : this.store.get("panel"));
    this.show([id]);
  }

  choose(ids) {
    const wanted = new Set(ids);
    const { nodes, edges, setNodes, setEdges } = this.api.getState();
    setNodes(nodes.map((node) => (Boolean(node.selected) === wanted.has(node.id) ? node : { ...node, selected: wanted.has(node.id) })));
    setEdges(edges.map((edge) => (edge.selected ? { ...edge, selected: false } : edge)));
  }

  // — what is chosen —

  chooseAll = () => this.choose(this.api.getState().nodes.map(({ id }) => id));

  remove() {
    this.change(without(this.spec, this.chosen(), this.chosenEdges()), { select: [] });
  }

  pack = () => (this.chosen().size ? packed(this.spec, this.chosen()) : "");

  duplicate() {
    const text = this.pack();
    if (text) this.paste(text, null);
  }

  /** Put parts in from text, at the pointer if it is over the canvas. Says so when there is nothing to put in. */
  paste(text, at = this.pointer) {
    const parts = unpacked(text) ?? unpacked(kept());
    if (!parts || !(parts.nodes.length || parts.comments.length)) return this.say("There is no part of a flow to paste.");
    const { spec, ids } = pasted(this.spec, parts, { at, kindOf: this.kindOf });
    return this.change(spec, { select: ids });
  }

  async copyToClipboard() {
    const text = this.pack();
    if (!text) return;
    keep(text);
    await navigator.clipboard?.writeText(text).catch(() => {});
  }

  async pasteFromClipboard() {
    this.paste((await navigator.clipboard?.readText().catch(() => "")) ?? "", null);
  }

  arrange() {
    this.change(arranged(this.spec, this.kindOf, this.portsOf));
    this.show();
  }

  align = (side) => this.change(aligned(this.spec, this.chosen(), side, this.kindOf, this.portsOf));
  distribute = (axis) => this.change(distributed(this.spec, this.chosen(), axis, this.kindOf, this.portsOf));

  /** Show the flow as it opens: whole, or where it begins when it is too large to be read. */
  begin = () => this.show(undefined, 0.5);

  /** Bring these, or the whole flow, into sight. least: the zoom below which only the upper left part is shown. */
  show(ids = [...this.spec.nodes, ...this.spec.comments].map(({ id }) => id), least = 0.1) {
    requestAnimationFrame(() => this.#look(viewOf(this, ids, least), 200));
  }

  // — finished gestures of React Flow —

  /** Nodes were moved. adopt: whether they may have been put into a loop, or taken out. */
  takePositions({ adopt = false } = {}) {
    const drawn = byId(this.api.getState().nodes);
    const place = (item) => {
      const shown = drawn.get(item.id);
      const position = shown && { x: Math.round(shown.position.x), y: Math.round(shown.position.y) };
      return !position || same(position, item.position) ? item : { ...item, position };
    };
    const before = this.spec;
    const next = { ...before, nodes: before.nodes.map(place), comments: before.comments.map(place) };
    const moved = next.nodes.filter((node, index) => node !== before.nodes[index]);
    if (!adopt) return this.change(next);
    const settled = adopted(next, moved, this.kindOf, this.portsOf);
    if (settled.edges.length < next.edges.length) this.say("Connections across the border of a loop were removed.");
    return this.change(settled);
  }

  takeSize(id, { x, y, width, height }) {
    const fields = { position: { x: Math.round(x), y: Math.round(y) }, size: { width: Math.round(width), height: Math.round(height) } };
    if (this.node(id)) this.updateNode(id, fields);
    else this.updateComment(id, fields);
  }
}

/* The editor of a flow. It keeps the flow while it is edited and sends one commit for every gesture. */

import "@xyflow/react/dist/base.css";
import "./canvas.css";
import {
  Background, BackgroundVariant, Controls, MarkerType, MiniMap, ReactFlow, ReactFlowProvider, SelectionMode, useReactFlow, useStore, useStoreApi,
} from "@xyflow/react";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Drawer } from "./drawer.jsx";
import { Editor } from "./editor.js";
import { Finder } from "./finder.jsx";
import { HEAD_HEIGHT, refusal } from "./graph.js";
import { Comment, Loop, Step } from "./nodes.jsx";
import { DRAG_TYPE, Palette } from "./palette.jsx";
import { Panel } from "./panels.jsx";
import { useShortcuts } from "./shortcuts.js";
import { EditorContext, useEditor, useValue } from "./store.js";
import { Toolbar } from "./toolbar.jsx";
import { Wire } from "./wires.jsx";

const NODE_TYPES = { step: Step, loop: Loop, comment: Comment };
const EDGE_TYPES = { wire: Wire };
const EDGE_OPTIONS = { markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 } };
const NOTHING = [];
const SNAP = [4, 4];
const PAN_BY_HAND = [0, 1, 2];
const PAN_BY_POINTER = [1, 2];
const NARROW = 820;

const edgeOf = ({ source, sourceHandle, target }) => ({ source, source_port: sourceHandle, target });

const isDark = () => document.documentElement.classList.contains("dark");
const watchMode = (listener) => {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  return () => observer.disconnect();
};

const FAR = 0.34;
const isFar = ({ transform }) => transform[2] < FAR;

function Stage() {
  const editor = useEditor();
  const colorMode = useSyncExternalStore(watchMode, isDark) ? "dark" : "light";
  const far = useStore(isFar);
  const mode = useValue("mode");
  const { kindOf } = editor;
  const handlers = useMemo(() => ({
    onConnect: (made) => editor.connect(edgeOf(made)),
    isValidConnection: (wanted) => !refusal(editor.spec, edgeOf(wanted), kindOf),
    onNodeDragStop: () => editor.takePositions({ adopt: true }),
    onSelectionDragStop: () => editor.takePositions({ adopt: true }),
    onNodeClick: (event, node) => !event.shiftKey && !event.ctrlKey && !event.metaKey && node.type !== "comment" && editor.openNode(node.id),
    onPaneClick: () => editor.close(),
    onSelectionChange: ({ nodes }) => editor.store.set("chosen", nodes.length),
    onPaneMouseMove: ({ clientX: x, clientY: y }) => { editor.pointerOnScreen = { x, y }; },
    onPaneMouseLeave: () => { editor.pointerOnScreen = null; },
    onConnectEnd: (event, { isValid, fromNode, fromHandle, toNode }) => {
      if (isValid || !fromNode || fromHandle.type !== "source") return;
      const from = { id: fromNode.id, port: fromHandle.id };
      const isOnNode = toNode && toNode.type !== "comment" && toNode.id !== from.id && toNode.id !== fromNode.parentId;
      if (isOnNode) editor.connect({ source: from.id, source_port: from.port, target: toNode.id });
      else {
        const { clientX: x, clientY: y } = event.changedTouches?.[0] ?? event;
        const at = editor.flow.screenToFlowPosition({ x, y });
        editor.store.set("finder", { kind: "add", at: { x: at.x, y: at.y - HEAD_HEIGHT / 2 }, from });
      }
    },
    onDragOver: (event) => {
      if (!event.dataTransfer.types.includes(DRAG_TYPE)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    },
    onDrop: (event) => {
      const kind = editor.store.get("kinds").find(({ type }) => type === event.dataTransfer.getData(DRAG_TYPE));
      if (!kind) return;
      event.preventDefault();
      const { x, y } = editor.flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      editor.addNode(kind, { at: { x: x - 24, y: y - 24 } });
    },
  }), [editor, kindOf]);
  return (
    <ReactFlow
      defaultNodes={NOTHING} defaultEdges={NOTHING} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} defaultEdgeOptions={EDGE_OPTIONS}
      {...handlers}
      onlyRenderVisibleElements snapToGrid snapGrid={SNAP} minZoom={0.1} maxZoom={2}
      deleteKeyCode={null} selectionKeyCode="Shift" multiSelectionKeyCode={["Control", "Meta", "Shift"]} selectionMode={SelectionMode.Partial}
      panOnDrag={mode === "pointer" ? PAN_BY_POINTER : PAN_BY_HAND} selectionOnDrag={mode === "pointer"} panActivationKeyCode="Space"
      zoomOnDoubleClick={false} elevateNodesOnSelect={false} nodeDragThreshold={2} connectionRadius={28}
      colorMode={colorMode} className={far ? "pf-far" : undefined}
      proOptions={{ hideAttribution: true }}
    >
      <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
      <Controls showInteractive={false} position="bottom-left" />
      <MiniMap pannable zoomable position="bottom-right" nodeStrokeWidth={0} ariaLabel="Overview of the flow" />
    </ReactFlow>
  );
}

function Inside(props) {
  const { editor, seed, kinds, insight, lights, runs, ack, refused } = props;
  const place = useRef(null);
  const flow = useReactFlow();
  const api = useStoreApi();
  const isPaletteOpen = useValue("palette");
  const said = useValue("said");
  const isUnsaved = useValue("unsaved");
  Object.assign(editor, {
    flow, api, icons: props.icons, choices: props.choices, channels: props.channels,
    policySchema: props.policySchema, limitsSchema: props.limitsSchema, defaultPolicy: props.defaultPolicy,
    hooks: { onCommit: props.onCommit, onRunNode: props.onRunNode },
  });
  useShortcuts(editor, place);
  useEffect(() => {
    editor.setKinds(kinds ?? NOTHING);
    editor.setInsight(insight ?? {});
  }, [editor, kinds, insight]);
  useEffect(() => {
    editor.seed(seed.graph, seed.rev);
    editor.begin();
    // Only a new `rev` brings a new flow; the server's copy is older than ours at any other time.
  }, [editor, seed.rev]);
  useEffect(() => {
    editor.acknowledge(ack);
    editor.refuse(refused);
  }, [editor, ack, refused]);
  useEffect(() => {
    editor.redraw();
  }, [editor, kinds, insight]);
  useEffect(() => {
    editor.setRuns(lights, runs);
    editor.store.set("single", null);
  }, [editor, lights, runs]);
  useEffect(() => {
    // For the page's own buttons, which the server draws.
    window.privexbotFlow = { graph: () => editor.spec, focus: (id) => editor.focus(id), saveNow: () => editor.saveNow() };
    return () => {
      delete window.privexbotFlow;
      editor.stop();
    };
  }, [editor]);
  useEffect(() => {
    let wasNarrow = false;
    const observer = new ResizeObserver(([{ contentRect }]) => {
      const isNarrow = contentRect.width < NARROW;
      if (isNarrow !== wasNarrow) editor.store.set("palette", !isNarrow);
      wasNarrow = isNarrow;
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [editor]);
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isUnsaved]);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => editor.store.set("said", null), 5000);
    return () => clearTimeout(timer);
  }, [editor, said]);
  return (
    <div className="pf-editor" ref={place} data-unsaved={Boolean(isUnsaved)}>
      <Toolbar />
      <div className="pf-stage">
        {isPaletteOpen && <Palette />}
        <div className="pf-canvas"><Stage /></div>
        <Drawer />
        <Panel />
        <div className="pf-said" role="status">{said?.text}</div>
      </div>
      <Finder />
    </div>
  );
}

/* seed: {rev, draft, graph}, draft: its id, which is in the address; a new number replaces what is here. ack: the number of the last commit that was saved.
   insight: {problems, shapes, shape_of}; lights: status by node; runs: traces. */
export function FlowCanvas(props) {
  const [editor] = useState(() => {
    const made = new Editor();
    made.calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    made.store.set("mode", "hand");
    made.store.set("palette", true);
    return made;
  });
  // After going to another flow, the page still holds the one before for a moment; what is drawn then would be lost.
  if (!window.location.pathname.includes(props.seed.draft)) return <div className="pf-editor" aria-busy="true" />;
  return (
    <EditorContext.Provider value={editor}>
      <ReactFlowProvider><Inside {...props} editor={editor} /></ReactFlowProvider>
    </EditorContext.Provider>
  );
}

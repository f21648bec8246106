/* The keys. They work while the focus is in the editor and not in a field; copying and pasting use the browser's own
   events, which need no permission. */

import { useEffect } from "react";
import { keep } from "./clipboard.js";

export const SHORTCUTS = [
  ["Ctrl C", "Copy"],
  ["Ctrl X", "Cut"],
  ["Ctrl V", "Paste, also from another flow"],
  ["Ctrl D", "Duplicate"],
  ["Ctrl Z", "Undo"],
  ["Ctrl Y", "Redo; also Ctrl Shift Z"],
  ["Ctrl A", "Choose all"],
  ["Delete", "Delete what is chosen"],
  ["Ctrl O", "Arrange the nodes"],
  ["Ctrl F", "Find a node"],
  ["Ctrl K", "All commands"],
  ["Ctrl 1", "Show the whole flow"],
  ["Ctrl +", "Zoom in"],
  ["Ctrl -", "Zoom out"],
  ["V", "Pointer: drag to choose"],
  ["H", "Hand: drag to move the view"],
  ["N", "Add a note"],
  ["Tab", "Next node"],
  ["Arrows", "Move what is chosen"],
  ["Enter", "Open the node"],
  ["Esc", "Close; choose nothing"],
  ["?", "This list"],
];

const isField = (element) => element?.closest?.("input, textarea, select, [contenteditable=true]");
const ARROWS = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);

const WITH_CONTROL = {
  z: (editor, event) => (event.shiftKey ? editor.redo() : editor.undo()),
  y: (editor) => editor.redo(),
  d: (editor) => editor.duplicate(),
  a: (editor) => editor.chooseAll(),
  o: (editor) => editor.arrange(),
  1: (editor) => editor.show(),
  "+": (editor) => editor.flow.zoomIn(),
  "=": (editor) => editor.flow.zoomIn(),
  "-": (editor) => editor.flow.zoomOut(),
};
const EVERYWHERE = { k: "commands", f: "find" };

const ALONE = {
  "?": (editor) => editor.openPanel(editor.store.get("panel") === "help" ? null : "help"),
  Delete: (editor) => editor.remove(),
  Backspace: (editor) => editor.remove(),
  Escape: (editor) => {
    editor.close();
    editor.store.set("panel", null);
    editor.choose([]);
  },
  v: (editor) => editor.store.set("mode", "pointer"),
  h: (editor) => editor.store.set("mode", "hand"),
  n: (editor) => editor.addComment(),
};

const onKeyDown = (editor, event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && EVERYWHERE[key]) {
    event.preventDefault();
    editor.store.set("finder", { kind: EVERYWHERE[key] });
    return;
  }
  if (isField(event.target)) return;
  if (!isCommand && key === "Enter" && event.target.classList?.contains("react-flow__node")) {
    editor.focusFrom = event.target;
    editor.openNode(event.target.dataset.id);
    return;
  }
  const action = isCommand ? WITH_CONTROL[key] : !event.altKey && ALONE[key];
  if (!action) return;
  event.preventDefault();
  action(editor, event);
};

/** Listen while the focus is inside `place`, or on something around it, as it is after a click beside the nodes. */
export const useShortcuts = (editor, place) => {
  useEffect(() => {
    const isHere = () => {
      const focused = document.activeElement ?? document.body;
      return Boolean(place.current) && (place.current.contains(focused) || focused.contains(place.current));
    };
    const down = (event) => isHere() && onKeyDown(editor, event);
    const up = (event) => ARROWS.has(event.key) && isHere() && !isField(event.target) && editor.takePositions();
    const copy = (event) => {
      const text = isHere() && !isField(event.target) && !String(window.getSelection()) && editor.pack();
      if (!text) return;
      event.preventDefault();
      event.clipboardData.setData("text/plain", text);
      keep(text);
      if (event.type === "cut") editor.remove();
    };
    const paste = (event) => {
      if (!isHere() || isField(event.target)) return;
      event.preventDefault();
      editor.paste(event.clipboardData.getData("text/plain"));
    };
    const listeners = { keydown: down, keyup: up, copy, cut: copy, paste };
    for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener);
    };
  }, [editor, place]);
};

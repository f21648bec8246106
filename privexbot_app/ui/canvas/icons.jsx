/* The editor's own icons. Those of node types come from the server's page, which knows the types. */

import {
  AlignCenterVertical, AlignEndVertical, AlignHorizontalSpaceAround, AlignStartVertical, Box, Braces, ChevronLeft,
  CircleAlert, CircleHelp, Command, GripHorizontal, Keyboard, LayoutGrid, ListPlus, Maximize, MousePointer2, Play, Plus, Redo2, Search,
  StickyNote, Trash2, Undo2, Variable, X,
} from "lucide-react";
import { useEditor } from "./store.js";

const ICONS = {
  add: Plus, align: AlignStartVertical, "align-center": AlignCenterVertical, "align-end": AlignEndVertical,
  arrange: LayoutGrid, back: ChevronLeft, braces: Braces, command: Command, fit: Maximize, grip: GripHorizontal,
  help: CircleHelp, keyboard: Keyboard, list: ListPlus, note: StickyNote, play: Play, pointer: MousePointer2, problem: CircleAlert,
  redo: Redo2, search: Search, space: AlignHorizontalSpaceAround, trash: Trash2, undo: Undo2, variable: Variable, x: X,
};

export function Icon({ name, size = 16 }) {
  const Drawn = ICONS[name] ?? Box;
  return <Drawn size={size} strokeWidth={1.9} aria-hidden="true" />;
}

/** A node type's icon; a plain box for one that was installed after the page was built. */
export function KindIcon({ name, size = 16 }) {
  const { icons } = useEditor();
  const Drawn = icons?.[name] ?? Box;
  return <Drawn size={size} strokeWidth={1.9} aria-hidden="true" />;
}

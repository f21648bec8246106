/* Which part of the canvas is in sight, and which part should be. */

import { getViewportForBounds } from "@xyflow/react";
import { boundsOf } from "./layout.js";

const MARGIN = 48;
const NEAREST = 1;
const FARTHEST = 0.1;

const boundsIn = ({ spec, kindOf, portsOf }, ids) => boundsOf(spec, new Set(ids), kindOf, portsOf);

/** The view that shows these; below the zoom `least` only their upper left part. Null when there is nothing to show. */
export const viewOf = (editor, ids, least) => {
  const { width, height } = editor.api.getState();
  const bounds = boundsIn(editor, ids);
  if (!bounds || !width) return null;
  const whole = getViewportForBounds(bounds, width, height, FARTHEST, NEAREST, 0.12);
  if (whole.zoom >= least) return whole;
  return { x: MARGIN - bounds.x * least, y: MARGIN - bounds.y * least, zoom: least };
};

/** The nearest view in which a node is not cut off, or null when it is in sight already. */
export const viewRevealing = (editor, id) => {
  const { width, height, transform: [x, y, zoom] } = editor.api.getState();
  const box = boundsIn(editor, [id]);
  if (!box || !width) return null;
  const right = shift(box.x * zoom + x, box.width * zoom, width);
  const down = shift(box.y * zoom + y, box.height * zoom, height);
  return right || down ? { x: x + right, y: y + down, zoom } : null;
};

/** How far something has to move to lie within a room, with half a margin around it. */
const shift = (start, length, room) => {
  const size = Math.min(length, room - MARGIN);
  return Math.max(MARGIN / 2 - start, 0) || Math.min(room - MARGIN / 2 - start - size, 0);
};

/* Connections, each with a button that cuts it. */

import { BaseEdge, EdgeLabelRenderer, getBezierPath } from "@xyflow/react";
import { memo, useState } from "react";
import { Icon } from "./icons.jsx";
import { useEditor, useValue } from "./store.js";

export const Wire = memo(function Wire(edge) {
  const { id, source, target, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, markerEnd } = edge;
  const editor = useEditor();
  const [isOver, setIsOver] = useState(false);
  const [before, after] = [useValue(`light:${source}`), useValue(`light:${target}`)];
  const isLit = before === "finished" && Boolean(after);
  const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  return (
    <g onMouseEnter={() => setIsOver(true)} onMouseLeave={() => setIsOver(false)}>
      <BaseEdge id={id} path={path} markerEnd={markerEnd} interactionWidth={18} className={isLit ? "pf-wire pf-wire-lit" : "pf-wire"} />
      {(selected || isOver) && (
        <EdgeLabelRenderer>
          <button type="button" className="pf-cut nodrag nopan" aria-label="Delete this connection"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            onMouseEnter={() => setIsOver(true)} onMouseLeave={() => setIsOver(false)} onClick={() => editor.disconnect(id)}>
            <Icon name="x" size={11} />
          </button>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});

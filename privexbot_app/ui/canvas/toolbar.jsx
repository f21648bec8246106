/* The buttons above the canvas. */

import { Icon } from "./icons.jsx";
import { useEditor, useValue } from "./store.js";

function Button({ icon, label, onClick, children, ...rest }) {
  return (
    <button type="button" className="pf-button" aria-label={label} title={label} onClick={onClick} {...rest}>
      <Icon name={icon} />{children}
    </button>
  );
}

const ALIGNMENTS = [
  ["Align left", "align", (editor) => editor.align("left")],
  ["Align centres", "align-center", (editor) => editor.align("center")],
  ["Align right", "align-end", (editor) => editor.align("right")],
  ["Align top", "align", (editor) => editor.align("top"), true],
  ["Align middles", "align-center", (editor) => editor.align("middle"), true],
  ["Align bottom", "align-end", (editor) => editor.align("bottom"), true],
  ["Distribute across", "space", (editor) => editor.distribute("x")],
  ["Distribute down", "space", (editor) => editor.distribute("y"), true],
];

export function Toolbar() {
  const editor = useEditor();
  useValue("steps");
  const problems = useValue("problems") ?? [];
  const chosen = useValue("chosen") ?? 0;
  const panel = useValue("panel");
  const isPaletteOpen = useValue("palette");
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const show = (name) => editor.openPanel(panel === name ? null : name);
  return (
    <div className="pf-toolbar" role="toolbar" aria-label="Edit the flow">
      <Button icon="add" label="Nodes to add" aria-pressed={isPaletteOpen} onClick={() => editor.store.set("palette", !isPaletteOpen)} />
      <Button icon="undo" label="Undo" disabled={!editor.canUndo} onClick={editor.undo} />
      <Button icon="redo" label="Redo" disabled={!editor.canRedo} onClick={editor.redo} />
      <Button icon="arrange" label="Arrange the nodes" onClick={() => editor.arrange()} />
      <Button icon="note" label="Add a note" onClick={() => editor.addComment()} />
      {chosen > 1 && (
        <span className="pf-aligns" role="group" aria-label="Align">
          {ALIGNMENTS.map(([label, icon, run, isTurned]) => (
            <button key={label} type="button" className="pf-button" aria-label={label} title={label} data-turned={isTurned} onClick={() => run(editor)}><Icon name={icon} /></button>
          ))}
        </span>
      )}
      <span className="pf-spring" />
      <Button icon="search" label="Find a node" onClick={() => editor.store.set("finder", { kind: "find" })} />
      <Button icon="command" label="All commands" onClick={() => editor.store.set("finder", { kind: "commands" })} />
      <Button icon="variable" label="Variables and limits" aria-pressed={panel === "flow"} onClick={() => show("flow")} />
      <Button icon="problem" label={`Problems: ${problems.length}`} aria-pressed={panel === "problems"} onClick={() => show("problems")}>
        {problems.length > 0 && <span className="pf-badge" data-tone={errors ? "bad" : "warn"}>{problems.length}</span>}
      </Button>
      <Button icon="help" label="Keys" aria-pressed={panel === "help"} onClick={() => show("help")} />
    </div>
  );
}

/* A form from a JSON Schema: what a node type declares is what people fill in. */

import { useId, useState } from "react";
import { useDraft } from "./drafts.js";
import { Icon } from "./icons.jsx";
import { ReferenceInput, TemplateInput } from "./picker.jsx";
import { beginning, fieldsOf, resolved, spoken } from "./schemas.js";
import { useEditor } from "./store.js";

const LONG_TEXT = new Set(["code", "sql", "textarea"]);

/** value: of the whole object. at: its dotted path, by which problems are found. hidden: names that are not shown. */
export function SchemaForm({ schema, root = schema, value, onChange, nodeId, problems = [], at = "", hidden = [] }) {
  return fieldsOf(schema, root)
    .filter(([name, field]) => !hidden.includes(name) && !(name === "id" && schema.required?.includes("id")) && field.const === undefined)
    .map(([name, field]) => (
      <Field key={name} name={name} field={field} root={root} nodeId={nodeId} problems={problems} at={at ? `${at}.${name}` : name}
        value={value?.[name] ?? field.default} onChange={(next) => onChange({ ...value, [name]: next })} />
    ));
}

const labelOf = (name, field) => (field.title && field.title.toLowerCase().replace(/[\s_]/g, "") !== name.replace(/_/g, "") ? field.title : spoken(name));

function Field(props) {
  const { name, field, at, problems } = props;
  const id = useId();
  const label = labelOf(name, field);
  const problem = problems.find((found) => found.field === at)?.message;
  const shared = { ...props, id, label, isInvalid: problem ? true : undefined, describedBy: problem ? `${id}-problem` : undefined };
  const said = problem && <p className="pf-problem" id={`${id}-problem`}>{problem}</p>;
  if (field.type === "boolean") return <div className="pf-field"><Tick {...shared} />{said}</div>;
  if (field.type === "array" || (field.type === "object" && !field["x-json"])) {
    return (
      <fieldset className="pf-field pf-group" aria-describedby={shared.describedBy}>
        <legend className="pf-label">{label}</legend>
        {field.description && <p className="pf-quiet">{field.description}</p>}
        {said}
        {field.type === "array" ? <List {...shared} /> : field.properties ? <Inner {...shared} /> : <Pairs {...shared} />}
      </fieldset>
    );
  }
  return (
    <div className="pf-field">
      <label className="pf-label" htmlFor={id}>{label}</label>
      <Control {...shared} />
      {field.description && <p className="pf-quiet">{field.description}</p>}
      {said}
    </div>
  );
}

function Control(props) {
  const { field, value, onChange, id, nodeId, isInvalid, describedBy } = props;
  const { choices } = useEditor();
  const offered = choices?.[field.format] ?? field.enum?.map((option) => ({ value: option, label: spoken(option) }));
  if (offered) return <Select {...props} options={offered} />;
  const shared = { id, nodeId, value, onCommit: onChange, isInvalid, describedBy };
  if (field.format === "template") return <TemplateInput {...shared} isLong={field.multiline} />;
  if (field.format === "reference") return <ReferenceInput {...shared} />;
  if (field.type === "integer" || field.type === "number") return <NumberInput {...shared} field={field} />;
  if (field.type === "string") return <TextInput {...shared} field={field} />;
  return <JsonInput {...shared} />;
}

function Select({ id, field, value, onChange, options, isInvalid, describedBy }) {
  const isKnown = options.some((option) => option.value === value);
  return (
    <select id={id} className="pf-input" value={value ?? ""} aria-invalid={isInvalid} aria-describedby={describedBy}
      onChange={(event) => onChange(options.find((option) => String(option.value) === event.target.value)?.value ?? (field.isOptional ? null : ""))}>
      {(field.isOptional || !isKnown) && <option value={isKnown ? "" : (value ?? "")}>{value && !isKnown ? `${value} (gone)` : "None"}</option>}
      {options.map((option) => <option key={String(option.value)} value={String(option.value)}>{option.label}</option>)}
    </select>
  );
}

function TextInput({ id, field, value, onCommit, isInvalid, describedBy }) {
  const [text, setText, flush] = useDraft(value ?? "", (typed) => onCommit(typed === "" && field.isOptional ? null : typed));
  const shared = {
    id, value: text, maxLength: field.maxLength, className: "pf-input", "aria-invalid": isInvalid, "aria-describedby": describedBy,
    onChange: (event) => setText(event.target.value), onBlur: flush,
  };
  const isLong = field.multiline || LONG_TEXT.has(field.format);
  if (!isLong) return <input {...shared} />;
  return <textarea {...shared} data-code={LONG_TEXT.has(field.format)} spellCheck={false} rows={Math.min(18, Math.max(4, text.split("\n").length + 1))} />;
}

function NumberInput({ id, field, value, onCommit, isInvalid, describedBy }) {
  const [text, setText, flush] = useDraft(value === null || value === undefined ? "" : String(value), (typed) => {
    const number = Number(typed);
    if (typed.trim() === "") onCommit(field.isOptional ? null : (field.default ?? field.minimum ?? 0));
    else if (Number.isFinite(number)) onCommit(field.type === "integer" ? Math.round(number) : number);
  });
  return (
    <input id={id} type="number" inputMode="decimal" className="pf-input" value={text} min={field.minimum} max={field.maximum}
      step={field.type === "integer" ? 1 : "any"} aria-invalid={isInvalid} aria-describedby={describedBy}
      onChange={(event) => setText(event.target.value)} onBlur={flush} />
  );
}

/** A value of any kind, as JSON; what cannot be read is taken as a text. */
export function JsonInput({ id, value, onCommit, isInvalid, describedBy }) {
  const shown = value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  const [text, setText, flush] = useDraft(shown, (typed) => onCommit(parsed(typed)));
  return (
    <input id={id} className="pf-input" value={text} aria-invalid={isInvalid} aria-describedby={describedBy} spellCheck={false}
      onChange={(event) => setText(event.target.value)} onBlur={flush} />
  );
}

export const parsed = (text) => {
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

function Tick({ id, label, value, onChange, field }) {
  return (
    <label className="pf-tick" htmlFor={id}>
      <input id={id} type="checkbox" checked={Boolean(value)} onChange={(event) => onChange(event.target.checked)} />
      <span>{label}{field.description && <span className="pf-quiet">{field.description}</span>}</span>
    </label>
  );
}

function Inner({ field, root, value, onChange, nodeId, problems, at }) {
  return <SchemaForm schema={field} root={root} value={value ?? beginning(field, root)} onChange={onChange} nodeId={nodeId} problems={problems} at={at} />;
}

function List(props) {
  const { field, root, value, onChange, nodeId, problems, at, label } = props;
  const { choices } = useEditor();
  const item = resolved(field.items, root);
  const items = Array.isArray(value) ? value : [];
  const offered = choices?.[item.format] ?? item.enum?.map((option) => ({ value: option, label: spoken(option) }));
  if (offered) return <Choices offered={offered} items={items} onChange={onChange} />;
  const put = (index, next) => onChange(items.map((old, place) => (place === index ? next : old)));
  const move = (index, by) => {
    const moved = [...items];
    moved.splice(index + by, 0, ...moved.splice(index, 1));
    onChange(moved);
  };
  const add = () => onChange([...items, beginning(item, root, freeNumber(items))]);
  return (
    <>
      {items.map((one, index) => (
        <div key={one?.id ?? index} className="pf-item" data-simple={item.type !== "object"}>
          <div className="pf-item-body">
            {item.type === "object"
              ? <SchemaForm schema={item} root={root} value={one} onChange={(next) => put(index, next)} nodeId={nodeId} problems={problems} at={`${at}.${index}`} />
              : <Control field={item} root={root} value={one} onChange={(next) => put(index, next)} nodeId={nodeId} id={undefined} />}
          </div>
          <div className="pf-item-tools">
            {index > 0 && <button type="button" aria-label={`Move up: ${label} ${index + 1}`} onClick={() => move(index, -1)}>↑</button>}
            <button type="button" aria-label={`Remove: ${label} ${index + 1}`} onClick={() => onChange(items.filter((_, place) => place !== index))}><Icon name="x" size={13} /></button>
          </div>
        </div>
      ))}
      {items.length < (field.maxItems ?? Infinity) && (
        <button type="button" className="pf-more" aria-label={`Add: ${label}`} onClick={add}><Icon name="add" size={14} />Add</button>
      )}
    </>
  );
}

const freeNumber = (items) => {
  const taken = new Set(items.map((item) => item?.id));
  let number = items.length + 1;
  while (taken.has(`way_${number}`)) number += 1;
  return number;
};

function Choices({ offered, items, onChange }) {
  const toggle = (value, isOn) => onChange(isOn ? [...items, value] : items.filter((one) => one !== value));
  if (!offered.length) return <p className="pf-quiet">There is nothing to choose yet.</p>;
  return offered.map(({ value, label }) => (
    <label key={String(value)} className="pf-tick">
      <input type="checkbox" checked={items.includes(value)} onChange={(event) => toggle(value, event.target.checked)} /><span>{label}</span>
    </label>
  ));
}

/** Values by name. */
function Pairs({ field, root, value, onChange, nodeId, label }) {
  const item = resolved(field.additionalProperties === true ? {} : field.additionalProperties, root);
  const pairs = Object.entries(value ?? {});
  const [name, setName] = useState("");
  const add = () => {
    if (!name.trim() || name in (value ?? {})) return;
    onChange({ ...value, [name.trim()]: beginning(item, root) ?? "" });
    setName("");
  };
  return (
    <>
      {pairs.map(([key, one]) => (
        <div key={key} className="pf-item" data-simple="true">
          <div className="pf-item-body">
            <span className="pf-label"><code>{key}</code></span>
            <Control field={item} root={root} value={one} nodeId={nodeId} onChange={(next) => onChange({ ...value, [key]: next })} />
          </div>
          <div className="pf-item-tools">
            <button type="button" aria-label={`Remove ${key}`} onClick={() => onChange(Object.fromEntries(pairs.filter(([other]) => other !== key)))}><Icon name="x" size={13} /></button>
          </div>
        </div>
      ))}
      <div className="pf-add-pair">
        <input className="pf-input" value={name} placeholder="Name" aria-label={`New name: ${label}`} onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => { if (event.key === "Enter") { event.preventDefault(); add(); } }} />
        <button type="button" className="pf-more" aria-label={`Add: ${label}`} onClick={add}><Icon name="add" size={14} />Add</button>
      </div>
    </>
  );
}

import { useRef, useState } from "react";

const BYTES_PER_CHARACTER = 4;

/** The text of a file: UTF-8, or what spreadsheets on Windows write. */
const textOf = async (file) => {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
};

/** A button that puts a file's text into the field with the id `into`, where it can be read before it is sent. */
export function TextFile({ into, accept, maxCharacters, label }) {
  const input = useRef(null);
  const [note, setNote] = useState("");
  const [isBad, setBad] = useState(false);
  const say = (text, bad) => (setNote(text), setBad(bad));

  const take = async (file) => {
    if (!file) return;
    if (file.size > maxCharacters * BYTES_PER_CHARACTER) return say(`${file.name} is too large.`, true);
    const text = await textOf(file);
    if (text.length > maxCharacters) return say(`${file.name} has more than ${maxCharacters.toLocaleString("en")} characters.`, true);
    const field = document.getElementById(into);
    field.value = text;
    field.focus();
    say(file.name, false);
  };

  return (
    <div className="pb-row pb-row-wrap">
      <button type="button" className="pb-chip" onClick={() => input.current.click()}>{label}</button>
      <input ref={input} type="file" accept={accept} hidden aria-label={label}
        onChange={() => take(input.current.files[0]).finally(() => { input.current.value = ""; })} />
      {note && <span className={isBad ? "pb-problem" : "pb-tiny"} role={isBad ? "alert" : "status"} dir="auto">{note}</span>}
    </div>
  );
}

import { useCallback, useEffect, useRef, useState } from "react";

const AT_ONCE = 2;
const OFFLINE = "The connection was lost. Try again.";
const OUR_FAULT = "Something went wrong on our side. Please try again.";

const sayBytes = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

const endingOf = (name) => {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot).toLowerCase() : "";
};

/** Why a file is not even sent, or an empty string. */
const refusal = (file, accepted, maxBytes) => {
  if (accepted.length && !accepted.includes(endingOf(file.name))) return "Files of this type cannot be imported.";
  if (file.size > maxBytes) return `The file is larger than ${sayBytes(maxBytes)}.`;
  return file.size ? "" : "The file is empty.";
};

/** Send one file; `onProgress` gets a share from 0 to 1. Resolves to an empty string, or to what went wrong. */
const send = (request, { endpoint, method }, file, onProgress) =>
  new Promise((resolve) => {
    const form = new FormData();
    form.append("files", file, file.name);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => resolve(OFFLINE);
    request.onabort = () => resolve("Cancelled.");
    request.onload = () => {
      if (request.status === 401) window.privexbot.signIn();
      if (request.status >= 200 && request.status < 300) return resolve("");
      try {
        resolve(JSON.parse(request.responseText).detail || OUR_FAULT);
      } catch {
        resolve(OUR_FAULT);
      }
    };
    request.open(method, endpoint);
    request.send(form);
  });

function Waiting({ file, onCancel }) {
  const percent = Math.round(file.share * 100);
  const isUploaded = file.share >= 1;
  const note = file.problem || (isUploaded ? "Reading…" : file.isStarted ? `${percent} %` : "Waiting");
  return (
    <li className="kb-file" data-failed={file.problem ? "true" : undefined}>
      <div className="kb-file-line">
        <span className="kb-file-name" title={file.name} dir="auto">{file.name}</span>
        <span className="pb-tiny">{sayBytes(file.size)}</span>
        <span className={file.problem ? "pb-problem" : "pb-tiny"} role={file.problem ? "alert" : undefined}>{note}</span>
        <button type="button" className="kb-x" onClick={onCancel}
          aria-label={`${file.problem ? "Dismiss" : "Cancel"} ${file.name}`}>×</button>
      </div>
      {!file.problem && (
        <progress className="kb-bar" max="1" value={isUploaded ? undefined : file.share} aria-label={file.name} />
      )}
    </li>
  );
}

/** A place for files: drop them, or choose them. Each is sent by itself, so one bad file never holds up the others. */
export function FileDrop({ endpoint, method, accepted, maxBytes, onTaken, hint }) {
  const [files, setFiles] = useState([]);
  const [isOver, setIsOver] = useState(false);
  const requests = useRef(new Map());
  const queue = useRef([]);
  const running = useRef(0);
  const number = useRef(0);
  const input = useRef(null);
  const latest = useRef({});
  latest.current = { endpoint, method, onTaken };

  const change = useCallback((id, fields) => {
    setFiles((files) => files.map((file) => (file.id === id ? { ...file, ...fields } : file)));
  }, []);
  const forget = useCallback((id) => setFiles((files) => files.filter((file) => file.id !== id)), []);

  const pump = useCallback(() => {
    while (running.current < AT_ONCE && queue.current.length) {
      const { id, file } = queue.current.shift();
      const request = new XMLHttpRequest();
      requests.current.set(id, request);
      running.current += 1;
      change(id, { isStarted: true });
      send(request, latest.current, file, (share) => change(id, { share })).then((problem) => {
        running.current -= 1;
        requests.current.delete(id);
        if (problem) change(id, { problem });
        else {
          forget(id);
          latest.current.onTaken();
        }
        pump();
      });
    }
  }, [change, forget]);

  const take = useCallback((list) => {
    const taken = [...list].map((file) => {
      const problem = refusal(file, accepted, maxBytes);
      return { id: ++number.current, file, name: file.name, size: file.size, share: 0, isStarted: false, problem };
    });
    queue.current.push(...taken.filter(({ problem }) => !problem));
    setFiles((files) => [...files, ...taken.map(({ file, ...shown }) => shown)]);
    pump();
  }, [accepted, maxBytes, pump]);

  const cancel = (id) => {
    queue.current = queue.current.filter((waiting) => waiting.id !== id);
    requests.current.get(id)?.abort();
    forget(id);
  };

  const isSending = files.some((file) => !file.problem);
  useEffect(() => {
    if (!isSending) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isSending]);

  return (
    <div className="kb-drop-wrap">
      <div
        className="kb-drop"
        data-over={isOver}
        onDragOver={(event) => { event.preventDefault(); setIsOver(true); }}
        onDragLeave={() => setIsOver(false)}
        onDrop={(event) => { event.preventDefault(); setIsOver(false); take(event.dataTransfer.files); }}
      >
        <svg width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75"
          strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
          <path d="M12 16V4m0 0L7.5 8.5M12 4l4.5 4.5M4 15v3.5A1.5 1.5 0 0 0 5.5 20h13a1.5 1.5 0 0 0 1.5-1.5V15" />
        </svg>
        <div className="kb-drop-text">
          <span className="kb-drop-wide">Drop files here, or </span>
          <button type="button" className="kb-choose" onClick={() => input.current.click()}>choose files</button>
        </div>
        <div className="pb-tiny kb-drop-hint">{hint}</div>
        <input ref={input} type="file" multiple hidden accept={accepted.join(",")} aria-label="Files to upload"
          onChange={(event) => { take(event.target.files); event.target.value = ""; }} />
      </div>
      {files.length > 0 && (
        <ul className="kb-files" aria-label="Files on their way">
          {files.map((file) => <Waiting key={file.id} file={file} onCancel={() => cancel(file.id)} />)}
        </ul>
      )}
    </div>
  );
}

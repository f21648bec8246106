/**
 * Talks to the host. Returns data or throws ChatFailure; never touches the DOM, never sends cookies.
 */
const SILENCE_MS = 60000; // The server sends a heartbeat every 15 s: four missed ones mean that nobody is there.
const MOST_TRIES = 7;
const FIRST_PAUSE_MS = 250;

/** kind: offline | rate_limited | refused | not_found | server | interrupted. A request the visitor aborts fails as one of these too. */
export class ChatFailure extends Error {
  constructor(kind, code) {
    super(kind);
    this.kind = kind;
    this.code = code || kind;
  }
}

const KINDS = { 401: 'refused', 403: 'refused', 404: 'not_found', 429: 'rate_limited' };

/** A name for a question, so that the host gives one answer however often it is sent. */
export const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

export function createApi(base, bot) {
  const root = `${base}api/v1/bots/${encodeURIComponent(bot)}/`;

  async function request(path, { body, headers, method = body ? 'POST' : 'GET', signal } = {}) {
    const response = await fetch(root + path, {
      method,
      headers: { Accept: 'application/json', ...(body && { 'Content-Type': 'application/json' }), ...headers },
      body: body && JSON.stringify(body),
      credentials: 'omit',
      signal,
    }).catch(() => {
      throw new ChatFailure('offline');
    });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new ChatFailure(KINDS[response.status] || 'server', problem.code);
  }

  return {
    request,
    readEvents,
    /**
     * Ask, and tell onEvent(name, data) everything the answer brings until it is finished. A connection that is cut is
     * taken up again after the last event that came. body.data and such are passed on as they are.
     */
    async chat({ key, signal, ...body }, onEvent) {
      const headers = { Accept: 'text/event-stream', 'Idempotency-Key': key };
      for (let tries = 0; ; tries += 1) {
        try {
          const response = await request('chat', { body: { ...body, stream: true }, headers, signal });
          if (!/event-stream/.test(response.headers.get('Content-Type'))) {
            onEvent('run.finished', await response.json());
            return;
          }
          await followRun(response.body, (event, data, id) => {
            tries = 0;
            if (id) headers['Last-Event-ID'] = id;
            onEvent(event, data);
          });
          return;
        } catch (failure) {
          const isCut = failure.kind === 'interrupted' || (failure.kind === 'offline' && headers['Last-Event-ID']);
          if (!isCut || signal.aborted || tries === MOST_TRIES) throw failure;
          await pause(FIRST_PAUSE_MS * 2 ** tries);
        }
      }
    },
    stopRun: (id) => request(`runs/${id}`, { method: 'DELETE' }),
  };
}

/** Wait, but no longer than until the device has a network again. */
const pause = (milliseconds) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    addEventListener('online', resolve, { once: true });
  });

async function followRun(body, onEvent) {
  for await (const { event, data, id } of readEvents(body)) {
    if (event === 'error') throw new ChatFailure(data.code === 'rate_limited' ? 'rate_limited' : 'server', data.code);
    onEvent(event, data, id);
    if (event === 'run.finished') return;
  }
  throw new ChatFailure('interrupted');
}

/** Server-sent events of a response body; comments and events without data are passed over. */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await readInTime(reader);
      if (done) return;
      // A \r at the end may be half of \r\n, so it waits for the next piece.
      const blocks = (rest + value).replace(/\r\n|\r(?!$)/g, '\n').split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const parsed = parseEvent(block);
        if (parsed) yield parsed;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function readInTime(reader) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(reject, SILENCE_MS);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } catch {
    throw new ChatFailure('interrupted');
  } finally {
    clearTimeout(timer);
  }
}

function parseEvent(block) {
  const found = { event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) || [];
    if (field === 'data') found.data += `${value}\n`;
    else found[field] = value;
  }
  if (!found.data) return null;
  try {
    return { ...found, data: JSON.parse(found.data) };
  } catch {
    throw new ChatFailure('server', 'unreadable_event');
  }
}

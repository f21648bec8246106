/**
 * Talks to the host. Returns data or throws ChatFailure; never touches the DOM, never sends cookies.
 */
const SILENCE_MS = 60000; // The server sends a heartbeat every 15 s: four missed ones mean that nobody is there.

/** kind: offline | rate_limited | refused | not_found | server | interrupted. A request the visitor aborts fails as one of these too. */
export class ChatFailure extends Error {
  constructor(kind, code) {
    super(kind);
    this.kind = kind;
    this.code = code || kind;
  }
}

const KINDS = { 401: 'refused', 403: 'refused', 404: 'not_found', 429: 'rate_limited' };

export function createApi(base, bot) {
  const root = `${base}api/v1/bots/${encodeURIComponent(bot)}/`;

  async function request(path, { body, accept = 'application/json', signal } = {}) {
    const response = await fetch(root + path, {
      method: body ? 'POST' : 'GET',
      headers: { Accept: accept, ...(body && { 'Content-Type': 'application/json' }) },
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
    /** Ask, and tell onEvent(name, data) everything the answer brings until it is finished. */
    async chat({ message, sessionId, signal }, onEvent) {
      const body = { message, stream: true, ...(sessionId && { session_id: sessionId }) };
      const response = await request('chat', { body, accept: 'text/event-stream', signal });
      if (!/event-stream/.test(response.headers.get('Content-Type'))) {
        onEvent('run.finished', await response.json());
        return;
      }
      await followRun(response.body, onEvent);
    },
    async loadHistory(sessionId) {
      const response = await request(`history?session_id=${encodeURIComponent(sessionId)}`);
      return (await response.json()).items || [];
    },
    sendLead: (body) => request('leads', { body }),
    sendFeedback: (body) => request('feedback', { body }),
  };
}

async function followRun(body, onEvent) {
  let isFinished = false;
  for await (const { event, data } of readEvents(body)) {
    if (event === 'error') throw new ChatFailure(data.code === 'rate_limited' ? 'rate_limited' : 'server', data.code);
    onEvent(event, data);
    if (event === 'run.finished') {
      isFinished = true;
      break;
    }
  }
  if (!isFinished) throw new ChatFailure('interrupted');
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
  let event = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    const [, field, value] = /^(\w+): ?(.*)$/.exec(line) || [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  if (!data.length) return null;
  try {
    return { event, data: JSON.parse(data.join('\n')) };
  } catch {
    throw new ChatFailure('server', 'unreadable_event');
  }
}

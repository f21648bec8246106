/**
 * The visitor's session token, kept per host and bot. Storage may be denied (sandboxed frame, private mode,
 * a strict browser setting); then the token lives as long as the page.
 */
export function createSession(base, bot) {
  const key = `privexbot:${base}:${bot}`;
  let token = read(key);
  return {
    get: () => token,
    set(value) {
      if (!value || value === token) return;
      token = value;
      write(key, value);
    },
    clear() {
      token = null;
      write(key, null);
    },
    /** A small note on this device, as text: read without a value, written with one. */
    note: (name, value) => (value ? write(`${key}:${name}`, value) : read(`${key}:${name}`)),
  };
}

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Denied or full: the copy in memory is enough for this page.
  }
}

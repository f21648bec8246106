/**
 * The public configuration of a bot: fetched, checked, completed with defaults.
 * The page's data-* options win over what the dashboard says. What only the panel needs is read by the panel.
 */
const DEFAULT_COLOR = '#4f46e5';
const MAX_QUESTIONS = 6;

/** What the launcher needs, and `raw` for readDetails. */
export async function loadConfig(base, bot, options) {
  const response = await fetch(`${base}api/v1/bots/${encodeURIComponent(bot)}/config`, { credentials: 'omit' });
  if (!response.ok) throw Object.assign(new Error(response.status), { code: `config_${response.status}` });
  const raw = await response.json();
  const appearance = raw.appearance || {};
  return {
    raw,
    options,
    title: options.title || appearance.title || raw.name || 'Chat',
    color: readColor(options.color) || readColor(appearance.color) || DEFAULT_COLOR,
    side: /left/.test(options.position || appearance.position) ? 'left' : 'right',
  };
}

/** Colours end up in a stylesheet, so only #rgb and #rrggbb pass; the answer is always #rrggbb. */
function readColor(text) {
  const hex = /^#([\da-f]{3}){1,2}$/i.test(text) && text.slice(1);
  return hex && `#${hex.length === 3 ? hex.replace(/./g, '$&$&') : hex}`;
}

/** The rest of the configuration, for the panel. */
export function readDetails({ raw, options, ...rest }, base) {
  const appearance = raw.appearance || {};
  return {
    ...rest,
    greeting: options.greeting ?? raw.greeting ?? '',
    questions: (raw.suggested_questions || []).slice(0, MAX_QUESTIONS),
    theme: options.theme || appearance.theme || 'auto',
    avatar: readAvatar(appearance.avatar_url, base),
    lang: options.lang || appearance.language || navigator.language,
    texts: appearance.texts || {},
    leadForm: raw.lead_capture?.is_enabled ? raw.lead_capture : null,
    consent: raw.consent?.is_asked && raw.consent,
  };
}

/** Pictures only from the host itself: the page's visitors are not shown to a third party. */
function readAvatar(address, base) {
  try {
    const url = new URL(address || '', base);
    return address && url.origin === new URL(base).origin ? url.href : '';
  } catch {
    return '';
  }
}

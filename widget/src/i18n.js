/**
 * Words in the visitor's language. Sources are English sentences; a missing translation shows the source.
 * A language is one JSON file in words/, fetched only by those who need it.
 */
const RIGHT_TO_LEFT = /^(ar|he)/;

/**
 * {language, direction, t}: the best catalogue for a language tag ("de-AT" finds "de"), English when there is none.
 * texts: the owner's own words for some of the sources.
 */
export async function loadWords(tag, texts) {
  const wanted = String(tag || '').toLowerCase().split(/[-_]/)[0];
  // A chat in English is better than none, so a catalogue that cannot be fetched is passed over.
  const words = wanted !== 'en' && (await import('./later.js').then((later) => later.loadWords(wanted)).catch(() => null));
  const language = words ? wanted : 'en';
  return {
    language,
    direction: RIGHT_TO_LEFT.test(language) ? 'rtl' : 'ltr',
    /** t('Page {page}', {page: 3}) */
    t: (source, values) =>
      (texts[source] || words?.[source] || source).replace(/\{(\w+)\}/g, (whole, name) => values?.[name] ?? whole),
  };
}

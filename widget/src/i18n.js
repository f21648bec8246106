/**
 * Words in the visitor's language. Sources are English sentences; a missing translation shows the source.
 * A language is one JSON file in words/, fetched only by those who need it.
 */
const LOADERS = {
  ar: () => import('./words/ar.json'),
  de: () => import('./words/de.json'),
  es: () => import('./words/es.json'),
  fr: () => import('./words/fr.json'),
};
const RIGHT_TO_LEFT = ['ar'];

/** {language, direction, t}: the best catalogue for a language tag ("de-AT" finds "de"), English when there is none. */
export async function loadWords(tag) {
  const wanted = String(tag || '').toLowerCase().split(/[-_]/)[0];
  const load = Object.hasOwn(LOADERS, wanted) && LOADERS[wanted];
  // A chat in English is better than none, so a catalogue that cannot be fetched is passed over.
  const words = load && (await load().catch(() => null))?.default;
  const language = words ? wanted : 'en';
  return {
    language,
    direction: RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr',
    /** t('Page {page}', {page: 3}) */
    t: (source, values) => (words?.[source] || source).replace(/\{(\w+)\}/g, (whole, name) => values?.[name] ?? whole),
  };
}

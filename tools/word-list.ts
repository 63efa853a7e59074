/** A phrase that readers stumble over, and what to write instead. */
interface StumblingPhrase {
  readonly pattern: RegExp;
  readonly instead: string;
}

/** The words that `make check` refuses in documents, comments and messages; STYLE.md says why. */
export const wordList: readonly StumblingPhrase[] = [
  phrase(/(?<!there )\b(?:is|are|was|were) no (?!longer\b|more than\b|fewer than\b|less than\b)/, 'is not a'),
  phrase(/\bwhoever\b/, 'the caller, the reader, the process that …'),
  phrase(/\b(?:somebody|nobody)\b/, 'name who, or use the passive'),
  phrase(/\bso many\b/, 'the number, or N'),
  phrase(/\banew\b/, 'again'),
  phrase(/\bof one's own\b/, 'its own, your own'),
  phrase(/\bin one's hand\b/, 'under control'),
  phrase(/\bstands? still\b/, 'stops, is stopped'),
  phrase(/\blies\b/, 'is'),
  phrase(/\btells? of\b|\btold of\b/, 'reports, describes'),
  phrase(/\b(?:is|are|was|were|be) told (?!to\b)/, 'receives, gets, learns'),
  phrase(/\bmend(?:s|ed|ing)?\b/, 'fix, repair'),
  phrase(/\bwhat is more\b|\ball the same\b/, 'anyway, or nothing'),
  phrase(/\bgoes by\b/, 'uses'),
  phrase(/\bhands? on\b|\bhanded on\b/, 'passes on, forwards'),
  phrase(/\blook(?:s|ed)? at the clock\b/, 'checks the deadline'),
];

function phrase(pattern: RegExp, instead: string): StumblingPhrase {
  return { pattern: new RegExp(pattern.source, 'i'), instead };
}

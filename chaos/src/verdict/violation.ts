/** Something that must never be, and was. */
export interface Violation {
  /** What must hold, in a few words. */
  readonly rule: string;
  readonly detail: string;
}

/** How many of a kind are written out; one alone shows where to look, and a thousand show no more. */
const SHOWN = 3;

/** A rule that was broken by all of these; none where nothing broke it. */
export function violationsOf(rule: string, details: readonly string[]): readonly Violation[] {
  const more = details.length > SHOWN ? [{ rule, detail: `and ${details.length - SHOWN} more` }] : [];
  return [...details.slice(0, SHOWN).map((detail) => ({ rule, detail })), ...more];
}

/** A broken rule. */
export interface Violation {
  /** What must hold, in a few words. */
  readonly rule: string;
  readonly detail: string;
}

/** How many violations of one rule are listed; more of them show nothing new. */
const SHOWN = 3;

/** One violation for each detail, up to {@link SHOWN}, then the count of the others. */
export function violationsOf(rule: string, details: readonly string[]): readonly Violation[] {
  const more = details.length > SHOWN ? [{ rule, detail: `and ${details.length - SHOWN} more` }] : [];
  return [...details.slice(0, SHOWN).map((detail) => ({ rule, detail })), ...more];
}

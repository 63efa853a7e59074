/** Something wrong with a report, or noticed about it. */
export interface Finding {
  /** Path within the report, such as `samples[0].signals.speed_kmh`. */
  readonly field: string;
  /** Upper snake case, stable for programs. */
  readonly reason: string;
  /** In words, with the rule and the way out. */
  readonly description: string;
}

/** Findings in order of discovery. Only so many are kept, and the rest counted: a hostile report must not grow its answer. */
export interface FindingList {
  add(field: string, reason: string, description: string): void;
  isEmpty(): boolean;
  toArray(): readonly Finding[];
}

/** How many findings of one report are told. */
export const FINDINGS_TOLD = 100;

export function createFindingList(told: number = FINDINGS_TOLD): FindingList {
  const findings: Finding[] = [];
  let untold = 0;
  return {
    add(field, reason, description) {
      if (findings.length < told) findings.push({ field, reason, description });
      else untold += 1;
    },
    isEmpty: () => findings.length === 0,
    toArray: () => (untold === 0 ? findings : [...findings, more(untold)]),
  };
}

function more(untold: number): Finding {
  return { field: '', reason: 'MORE_FINDINGS', description: `and ${untold} more` };
}

const QUOTED_MAX_LENGTH = 40;

/** A caller's own text, for use inside a finding: quoted, and cut where it is long. */
export function quoted(text: string): string {
  const cut = text.length > QUOTED_MAX_LENGTH ? `${text.slice(0, QUOTED_MAX_LENGTH)}…` : text;
  return JSON.stringify(cut);
}

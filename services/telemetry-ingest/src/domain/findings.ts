import type { Finding } from '@odograph/kernel/finding';

/** The most findings of a report that are written out; the others are only counted. */
export const MAX_FINDINGS = 200;

/** What was found in a report. */
export interface Findings {
  /** The first ones, at most {@link MAX_FINDINGS}, in the order of the report. */
  readonly listed: readonly Finding[];
  /** How many there are beyond them. */
  readonly unlisted: number;
}

/** Collects findings: a report of 256 KiB can have more than 100,000, and their texts would cost more than the report. */
export class FindingList implements Findings {
  readonly listed: Finding[] = [];
  unlisted = 0;

  /** `write` is called only if the finding is listed. */
  add(write: () => Finding): void {
    if (this.listed.length < MAX_FINDINGS) this.listed.push(write());
    else this.unlisted += 1;
  }

  get isEmpty(): boolean {
    return this.listed.length === 0;
  }
}

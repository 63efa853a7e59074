/** A bound on what a caller can ask for. */
export type Limit = Bounded & (Most | Least);

interface Bounded {
  /** What has the bound. */
  readonly of: 'message' | 'report' | 'registration' | 'call' | 'connection' | 'client' | 'process';
}

interface Most {
  /** What happens above it. */
  readonly above: string;
}

interface Least {
  /** What happens below it. */
  readonly below: string;
}

/** What happens beyond a bound, in words. */
export function beyond(limit: Limit): string {
  return 'above' in limit ? `above it: ${limit.above}` : `below it: ${limit.below}`;
}

/** A bound that no setting changes, for docs/limits.md. */
export type FixedLimit = Limit & {
  readonly value: number;
  readonly unit: '' | 'ms' | 'bytes';
  readonly meaning: string;
};

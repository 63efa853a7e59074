/** A bound on what a caller can ask for. */
export interface Limit {
  /** What has the bound. */
  readonly of: 'message' | 'report' | 'registration' | 'call' | 'connection' | 'client' | 'process';
  /** What happens above it. */
  readonly above: string;
}

/** A bound that no setting changes, for docs/limits.md. */
export interface FixedLimit extends Limit {
  readonly value: number;
  readonly unit: '' | 'ms' | 'bytes';
  readonly meaning: string;
}

/** Something wrong with a field, or noticed about it. */
export interface Finding {
  /** Path within what was sent, such as `samples[0].signals.speed_kmh`; empty: all of it. */
  readonly field: string;
  /** Upper snake case, stable for programs. */
  readonly reason: string;
  /** In words, with the rule and the way out. */
  readonly description: string;
}

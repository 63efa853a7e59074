/** Something that is wrong with a field, or a remark about it. */
export interface Finding {
  /** The path in the request, such as `samples[0].signals.speed_kmh`; empty for the whole request. */
  readonly field: string;
  /** In upper snake case; programs may rely on it. */
  readonly reason: string;
  /** In words, with the rule and what to do. */
  readonly description: string;
}

export interface FleetOptions {
  /** A whole number: the same options give the same fleet and the same reports. */
  readonly seed: number;
  readonly vehicles: number;
  /** When its life begins: Unix time in milliseconds. */
  readonly startMs: number;
  /** What vehicles that lived before have on the clock, by id; others begin with some of their own. */
  readonly odometersKm?: ReadonlyMap<string, number>;
}

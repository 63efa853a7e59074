export interface CityOptions {
  readonly movement: 'city';
  /** A whole number: the same options give the same reports. */
  readonly seed: number;
  readonly vehicles: number;
  readonly startMs: number;
  /** The odometers at the start, by vehicle id. Default: a random value. */
  readonly odometersKm?: ReadonlyMap<string, number>;
}

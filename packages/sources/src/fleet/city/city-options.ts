export interface CityOptions {
  readonly movement: 'city';
  /** A whole number: the same options give the same reports. */
  readonly seed: number;
  readonly vehicles: number;
  readonly startMs: number;
  /** What an earlier run reported last, by vehicle id. Default: random values. */
  readonly last?: ReadonlyMap<string, LastReported>;
}

/** The signals with which a vehicle goes on where it was. */
export interface LastReported {
  readonly odometerKm?: number | undefined;
  readonly latitudeDeg?: number | undefined;
  readonly longitudeDeg?: number | undefined;
  readonly batteryLevelPct?: number | undefined;
  readonly fuelLevelPct?: number | undefined;
}

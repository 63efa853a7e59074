import type { Freshness } from '@odograph/client/generated/odograph/cache/v1/vehicle_status';
import type { VehicleStatus } from '@odograph/client/generated/odograph/history/v1/vehicle_history';
import { signalsToDomain } from '@odograph/contracts/signals';
import { formatPosition, type Position } from '@odograph/kernel/position';
import type { UnitSystem } from '@odograph/kernel/registration';
import type { SignalValue } from '@odograph/kernel/signal';
import { unitsOf } from './registration-json.ts';
import { signalsInOrder } from './signals-in-order.ts';
import { isoTimeOrNull } from './times.ts';

/** A vehicle's latest known values, as `odograph status --json` prints them. */
export interface StatusJson {
  readonly vehicle_id: string;
  readonly fleet: string;
  readonly model: string;
  readonly display_name: string;
  readonly tags: readonly string[];
  readonly capabilities: readonly string[];
  /** In which tables show it; the signals here are always metric. */
  readonly units: UnitSystem;
  readonly retired: boolean;
  /** 0: it has only reported. */
  readonly registration_version: number;
  readonly vin?: string;
  readonly vin_check_digit_ok?: boolean;
  readonly signals: Readonly<
    Record<string, { readonly value: SignalValue; readonly observed_at: string | null }>
  >;
  readonly last_observed_at: string | null;
  readonly last_received_at: string | null;
  /** The event of the vehicle that could not be applied; the status stops before it. */
  readonly parked_at?: string;
  /** The answer reflects the vehicle's partition up to here. */
  readonly position?: string;
  /** For how long it is not certain that the log has nothing newer. */
  readonly age_ms?: number;
}

interface AnswerOf {
  readonly position?: Position | undefined;
  readonly freshness?: Freshness | undefined;
}

export function statusJson(status: VehicleStatus, { position, freshness }: AnswerOf = {}): StatusJson {
  const observedAtMs = new Map(Object.entries(status.observedAtMs));
  const values = signalsInOrder(signalsToDomain(status.signals ?? { others: {} }));
  const signals = Object.entries(values).map(([name, value]) => [
    name,
    { value, observed_at: isoTimeOrNull(observedAtMs.get(name) ?? 0) },
  ]);
  return {
    vehicle_id: status.vehicleId,
    fleet: status.fleet,
    model: status.model,
    display_name: status.displayName,
    tags: status.tags,
    capabilities: status.capabilities,
    units: unitsOf(status.units),
    retired: status.isRetired,
    registration_version: status.registrationVersion,
    ...(status.vin !== undefined && { vin: status.vin }),
    ...(status.vinCheckDigitOk !== undefined && { vin_check_digit_ok: status.vinCheckDigitOk }),
    signals: Object.fromEntries(signals),
    last_observed_at: isoTimeOrNull(status.lastObservedAtMs),
    last_received_at: isoTimeOrNull(status.lastReceivedAtMs),
    ...(status.parkedAt && { parked_at: formatPosition(status.parkedAt) }),
    ...(position && { position: formatPosition(position) }),
    ...(freshness && { age_ms: freshness.ageMs }),
  };
}

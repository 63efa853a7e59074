import { signalBytes } from '@odograph/kernel/signal-bytes';
import type { SignalReading, VehicleStatus } from '@odograph/kernel/vehicle-status';
import type { VehicleStatus as WireStatus } from './generated/odograph/history/v1/vehicle_history.ts';
import { unitsToWire } from './registration-payload.ts';
import { signalsToWire } from './signals.ts';

/** The largest vehicle id, times and positions. */
const OTHER_BYTES = 300;

/** A status as it is sent, without the vehicle's id and the position at which it is parked. */
export function statusToWire(known: VehicleStatus): WireStatus {
  const latest: readonly (readonly [string, SignalReading])[] = [...known.latest];
  return {
    vehicleId: '',
    fleet: known.fleet,
    model: known.model,
    displayName: known.displayName,
    tags: [...known.tags],
    capabilities: [...known.capabilities],
    units: unitsToWire(known.units),
    isRetired: known.isRetired,
    registrationVersion: known.registrationVersion,
    vin: known.vin,
    vinCheckDigitOk: known.isVinCheckDigitRight,
    signals: signalsToWire(Object.fromEntries(latest.map(([name, { value }]) => [name, value]))),
    observedAtMs: Object.fromEntries(latest.map(([name, { observedAtMs }]) => [name, observedAtMs])),
    lastObservedAtMs: known.lastObservedAtMs ?? 0,
    lastReceivedAtMs: known.lastReceivedAtMs ?? 0,
    parkedAt: undefined,
  };
}

/** The bytes of a status as it is sent, or a few more. */
export function statusBytes(known: VehicleStatus): number {
  let bytes = OTHER_BYTES + registrationBytes(known);
  // With the time of the signal, under its name again.
  for (const [name, { value }] of known.latest) bytes += signalBytes(name, value) + name.length + 16;
  return bytes;
}

/** The bytes of a registration as it is sent, or more: a character has at most three, a text a head of a few. */
export function registrationBytes({ fleet, model, displayName, tags, capabilities }: VehicleStatus): number {
  const texts = [fleet, model, displayName, ...tags, ...capabilities];
  return texts.reduce((bytes, text) => bytes + 3 * text.length + 4, 0);
}

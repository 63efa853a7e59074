import { type FleetMoment, isLive } from './fleet-frame.ts';

/** The vehicle that the hints name. */
export interface NamedVehicle {
  readonly vehicleId: string;
  /** From when on its samples are asked for: Unix time in milliseconds. */
  readonly fromMs: number;
}

const ASKED_MS = 5 * 60_000;

/** The vehicle that the hints name: as before while its values are those of now, else the one that was heard last. */
export function nameVehicle(
  { statuses, nowMs }: FleetMoment,
  before: NamedVehicle | undefined,
): NamedVehicle | undefined {
  const live = statuses.filter((status) => isLive(status, nowMs));
  if (before && live.some(({ vehicle_id }) => vehicle_id === before.vehicleId)) return before;
  const heard = (last_received_at: string | null) => Date.parse(last_received_at ?? '');
  const [last] = live.toSorted((a, b) => heard(b.last_received_at) - heard(a.last_received_at));
  return last && { vehicleId: last.vehicle_id, fromMs: nowMs - ASKED_MS };
}

/** Commands to copy into another terminal; `where` is what they need to find history. */
export function hintsFor(vehicle: NamedVehicle | undefined, where: string): readonly string[] {
  const tail = `npx odograph log tail${where}`;
  if (vehicle === undefined) return [`npx odograph status${where}`, tail];
  const { vehicleId, fromMs } = vehicle;
  const from = new Date(fromMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    `npx odograph status ${vehicleId}${where}`,
    `npx odograph history ${vehicleId} --from ${from} --signals speed_kmh${where}`,
    tail,
  ];
}

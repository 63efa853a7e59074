import type { StatusJson } from '../json/status-json.ts';
import { locationOf, measured, signalOf } from '../terminal/status-table.ts';
import { textTable } from '../terminal/text-table.ts';

/** What the live view shows of a fleet at one time. */
export interface FleetMoment {
  /** Our clock: Unix time in milliseconds. */
  readonly nowMs: number;
  readonly statuses: readonly StatusJson[];
  /** The model of a simulated vehicle, which its status does not have; else empty. */
  readonly modelOf: (vehicleId: string) => string;
  /** Why the statuses are not up to date. */
  readonly trouble?: string | undefined;
  /** Reports taken so far; undefined if this process sends none. */
  readonly taken?: number | undefined;
}

type VehicleState = 'driving' | 'idling' | 'charging' | 'standing' | 'silent';

const STATES: readonly VehicleState[] = ['driving', 'idling', 'charging', 'standing', 'silent'];
/** Longer than the time between two reports of a standing vehicle. */
const SILENT_AFTER_MS = 150_000;
const MOVING_ABOVE_KMH = 2;

/** The state of a vehicle by its latest values. */
export function stateOf(status: StatusJson, nowMs: number): VehicleState {
  if (ageMs(status, nowMs) > SILENT_AFTER_MS) return 'silent';
  if (signalOf(status, 'charging') === true) return 'charging';
  if (Number(signalOf(status, 'speed_kmh') ?? 0) > MOVING_ABOVE_KMH) return 'driving';
  return signalOf(status, 'engine_running') === true ? 'idling' : 'standing';
}

/** A fleet in one line. */
export function summaryOf({ statuses, nowMs, taken, trouble }: FleetMoment): string {
  const states = statuses.map((status) => stateOf(status, nowMs));
  const counts = STATES.map((state) => [state, states.filter((each) => each === state).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  return [
    [`${statuses.length} vehicles`, ...parts].join(', '),
    ...(taken === undefined ? [] : [`${taken.toLocaleString('en-US')} reports taken`]),
    ...(trouble === undefined ? [] : [trouble]),
  ].join('; ');
}

/** A table of a fleet in at most `maxLines` lines; silent vehicles come last. */
export function fleetFrame(moment: FleetMoment, maxLines: number): string {
  const room = Math.max(1, maxLines - 3);
  const isSilent = (status: StatusJson) => stateOf(status, moment.nowMs) === 'silent';
  const heard = moment.statuses.filter((status) => !isSilent(status));
  const statuses = [...heard, ...moment.statuses.filter(isSilent)];
  const shown = statuses.length <= room ? statuses : statuses.slice(0, room - 1);
  const head = ['vehicle', 'model', 'state', 'speed', 'battery', 'fuel', 'location', 'heard'];
  const table = textTable(
    head,
    shown.map((status) => rowOf(status, moment)),
  );
  const more = statuses.length - shown.length;
  return [summaryOf(moment), '', table, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function rowOf(status: StatusJson, { nowMs, modelOf }: FleetMoment): readonly string[] {
  return [
    status.vehicle_id,
    status.model || modelOf(status.vehicle_id),
    stateOf(status, nowMs),
    measured(status, 'speed_kmh', 0, ' km/h'),
    measured(status, 'battery_level_pct', 1, ' %'),
    measured(status, 'fuel_level_pct', 1, ' %'),
    locationOf(status),
    `${Math.round(ageMs(status, nowMs) / 1_000)} s ago`,
  ];
}

/** The time since the vehicle's last report was received, both by our clock. */
function ageMs({ last_received_at }: StatusJson, nowMs: number): number {
  return last_received_at === null
    ? Number.POSITIVE_INFINITY
    : Math.max(0, nowMs - Date.parse(last_received_at));
}

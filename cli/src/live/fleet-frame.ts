import type { StatusJson } from '../json/status-json.ts';
import { inWords } from '../terminal/durations.ts';
import { level, locationOf, measured, signalOf } from '../terminal/status-table.ts';
import { textTable } from '../terminal/text-table.ts';
import { cutTo, widthOf, wrapTo } from '../terminal/width.ts';

/** What the live view shows of a fleet at one time. */
export interface FleetMoment {
  /** Our clock: Unix time in milliseconds. */
  readonly nowMs: number;
  readonly statuses: readonly StatusJson[];
  /** Whether there are more vehicles than these, the first ones by id. */
  readonly hasMore?: boolean | undefined;
  /** The model of a simulated vehicle, which its status does not have; else empty. */
  readonly modelOf: (vehicleId: string) => string;
  /** What does not work, such as that the statuses are not up to date. */
  readonly trouble?: string | undefined;
  /** Reports that ingest has taken, from anyone, also before a restart that was seen; undefined if it does not say. */
  readonly taken?: number | undefined;
}

/** The size of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const STATES = ['driving', 'idling', 'charging', 'standing', 'no data', 'late', 'silent'] as const;
type VehicleState = (typeof STATES)[number];

/** Those of vehicles whose values are not of now, in the order of the view. */
const NOT_LIVE: readonly VehicleState[] = ['no data', 'late', 'silent'];
/** Longer than the time between two reports of a standing vehicle. */
const SILENT_AFTER_MS = 150_000;
const MOVING_ABOVE_KMH = 2;
/** For a vehicle, and how many more there are. */
const LEAST_ROWS = 2;

/**
 * The state of a vehicle by its latest values. It is late if they were old when they came, as in a replay,
 * and has no data if nothing that it reported was believed.
 */
export function stateOf(status: StatusJson, nowMs: number): VehicleState {
  if (ageMs(status, nowMs) > SILENT_AFTER_MS) return 'silent';
  if (lagMs(status) > SILENT_AFTER_MS) return 'late';
  if (Object.keys(status.signals).length === 0) return 'no data';
  if (signalOf(status, 'charging') === true) return 'charging';
  if (Number(signalOf(status, 'speed_kmh') ?? 0) > MOVING_ABOVE_KMH) return 'driving';
  return signalOf(status, 'engine_running') === true ? 'idling' : 'standing';
}

/** Whether the latest values of a vehicle are those of now. */
export function isLive(status: StatusJson, nowMs: number): boolean {
  return !NOT_LIVE.includes(stateOf(status, nowMs));
}

/** A fleet in one line, with what is wrong. */
export function summaryOf(moment: FleetMoment): string {
  return [countsOf(moment), moment.trouble].filter(Boolean).join('; ');
}

/** What is known of a fleet, in numbers; empty while nothing is. */
function countsOf({ statuses, hasMore, nowMs, taken, trouble }: FleetMoment): string {
  const states = statuses.map((status) => stateOf(status, nowMs));
  const counts = STATES.map((state) => [state, states.filter((each) => each === state).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  const vehicles = [`${hasMore ? 'the first ' : ''}${statuses.length} vehicles`, ...parts].join(', ');
  return [
    ...(statuses.length === 0 && trouble ? [] : [vehicles]),
    ...(taken === undefined ? [] : [`${taken.toLocaleString('en-US')} reports taken`]),
  ].join('; ');
}

/**
 * The lines of the view on a terminal: a table of the fleet, and below it the foot. Vehicles without values of now come last.
 * Columns leave a narrow terminal, and the foot a low one; the terminal wraps lines of the foot, so that they can be copied.
 */
export function fleetFrame(moment: FleetMoment, wanted: readonly string[], size: Size): readonly string[] {
  const { statuses, nowMs } = moment;
  const said = [countsOf(moment), moment.trouble ?? ''].filter(Boolean);
  const head = [...said.flatMap((line) => wrapTo(size.columns, line)), ''];
  // One row has the names of the columns.
  const roomAbove = (lines: readonly string[]) => size.rows - rowsOf([...head, ...lines], size) - 1;
  const foot = roomAbove(wanted) >= LEAST_ROWS ? wanted : [];
  const room = Math.max(1, roomAbove(foot));
  const rank = (status: StatusJson) => NOT_LIVE.indexOf(stateOf(status, nowMs));
  const sorted = statuses.toSorted((one, other) => rank(one) - rank(other));
  const shown = sorted.length <= room ? sorted : sorted.slice(0, room - 1);
  const more = sorted.length - shown.length;
  const table = tableOf(shown, moment, size.columns);
  return [...head, ...table, ...(more > 0 ? [`and ${more} more`] : []), ...foot];
}

/** How many rows of a terminal these lines take. */
export function rowsOf(lines: readonly string[], { columns }: Size): number {
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}

type Cell = (status: StatusJson, moment: FleetMoment) => string;

const COLUMNS: Readonly<Record<string, Cell>> = {
  vehicle: (status) => status.vehicle_id,
  model: (status, { modelOf }) => status.model || modelOf(status.vehicle_id),
  state: (status, { nowMs }) => stateOf(status, nowMs),
  speed: (status) => measured(status, 'speed_kmh', 0, ' km/h'),
  battery: (status) => level(status, 'battery_level_pct'),
  fuel: (status) => level(status, 'fuel_level_pct'),
  location: locationOf,
  heard: (status, { nowMs }) =>
    status.last_received_at === null ? 'never' : `${inWords(ageMs(status, nowMs))} ago`,
};
/** In the order in which they leave a narrow terminal; the others stay. */
const YIELDING = ['model', 'fuel', 'location', 'battery', 'speed'];

function tableOf(statuses: readonly StatusJson[], moment: FleetMoment, columns: number): readonly string[] {
  const rows = statuses.map((status) => Object.values(COLUMNS).map((cell) => cell(status, moment)));
  const table = textTable(Object.keys(COLUMNS), rows, { maxWidth: columns, yielding: YIELDING });
  return table.split('\n').map((line) => cutTo(columns, line));
}

/** The time since the vehicle's last report was received, both by our clock. */
function ageMs({ last_received_at }: StatusJson, nowMs: number): number {
  return last_received_at === null
    ? Number.POSITIVE_INFINITY
    : Math.max(0, nowMs - Date.parse(last_received_at));
}

/** How old the vehicle's newest sample was when its last report was received. */
function lagMs({ last_received_at, last_observed_at }: StatusJson): number {
  return last_received_at === null || last_observed_at === null
    ? 0
    : Date.parse(last_received_at) - Date.parse(last_observed_at);
}

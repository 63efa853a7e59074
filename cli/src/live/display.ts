import { dataDirOf, runningPlatform } from '@odograph/cluster/up-state';
import { note } from '../terminal/output.ts';
import { type FleetMoment, fleetFrame, summaryOf } from './fleet-frame.ts';

/** Where people see the fleet. */
interface Display {
  readonly everyMs: number;
  show(moment: FleetMoment): void;
  /** The last frame stays on the terminal. */
  leave(): void;
}

interface Endpoints {
  readonly ingest: string;
  readonly history: string;
}

const REFRESH_MS = 1_000;
const LINE_EVERY_MS = 5_000;

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_ALL = '\x1b[2J';
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';

/** A table that is refreshed in place on a terminal; elsewhere a line from time to time. */
export function createDisplay(endpoints: Endpoints): Display {
  return process.stdout.isTTY ? tableDisplay(process.stdout, endpoints) : lineDisplay();
}

function lineDisplay(): Display {
  return { everyMs: LINE_EVERY_MS, show: (moment) => note(summaryOf(moment)), leave: () => undefined };
}

function tableDisplay(terminal: NodeJS.WriteStream, { ingest, history }: Endpoints): Display {
  let isFirst = true;
  let queries: readonly string[] | undefined;
  return {
    everyMs: REFRESH_MS,
    show: (moment) => {
      const [first] = moment.statuses;
      queries ??= first && firstQueries(history, first.vehicle_id, moment.nowMs);
      const foot = [
        '',
        `Reports go in at ${ingest}, queries at ${history} (gRPC). Ask it, in another terminal:`,
        ...(queries ?? firstQueries(history, undefined, moment.nowMs)).map((each) => `  ${each}`),
      ];
      const frame = [fleetFrame(moment, terminal.rows - foot.length), ...foot].join('\n');
      const lines = frame.split('\n').map((line) => line.slice(0, terminal.columns) + CLEAR_LINE);
      terminal.write(`${isFirst ? HIDE_CURSOR + CLEAR_ALL : ''}${HOME}${lines.join('\n')}${CLEAR_BELOW}`);
      isFirst = false;
    },
    leave: () => {
      if (!isFirst) terminal.write(`\n${SHOW_CURSOR}`);
    },
  };
}

/** Commands to copy into another terminal; those about a vehicle once there is one. */
function firstQueries(
  historyEndpoint: string,
  vehicleId: string | undefined,
  nowMs: number,
): readonly string[] {
  const running = runningPlatform(dataDirOf(process.env));
  const where = running?.endpoints['history'] === historyEndpoint ? '' : ` --endpoint ${historyEndpoint}`;
  if (vehicleId === undefined) return [`npx odograph status${where}`];
  const from = new Date(nowMs - 5 * 60_000).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    `npx odograph status ${vehicleId}${where}`,
    `npx odograph history ${vehicleId} --from ${from} --signals speed_kmh${where}`,
    `npx odograph log tail${where}`,
  ];
}

import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc/client';
import { type StatusJson, statusJson } from '../json/status-json.ts';
import { note } from '../terminal/output.ts';
import { firstQueries } from './first-queries.ts';
import { type FleetMoment, fleetFrame, summaryOf } from './fleet-frame.ts';
import { createScreen } from './screen.ts';

export interface FleetWatch {
  /** `host:port` for reports and for queries. */
  readonly endpoints: { readonly ingest: string; readonly history: string };
  readonly modelOf: FleetMoment['modelOf'];
  /** Reports taken so far; undefined where nothing is sent from here. */
  readonly taken: () => number | undefined;
  readonly signal: AbortSignal;
}

/** Shows people a moment. */
interface Display {
  readonly everyMs: number;
  show(moment: FleetMoment): void;
  leave(): void;
}

const REFRESH_MS = 1_000;
/** Between two lines where there is no terminal. */
const LINE_EVERY_MS = 5_000;
/** More vehicles than a terminal has lines. */
const PAGE_SIZE = 500;
const ASK_WITHIN_MS = 2_000;

/** Shows the fleet as history answers it, again and again until the signal; says so where it does not answer. */
export async function watchFleet({ endpoints, modelOf, taken, signal }: FleetWatch): Promise<void> {
  const client = createGrpcClient(VehicleHistoryClient, endpoints.history);
  const display = process.stdout.isTTY ? tableDisplay(endpoints) : lineDisplay();
  let statuses: readonly StatusJson[] = [];
  try {
    while (!signal.aborted) {
      const answer = await ask(client);
      statuses = answer.statuses ?? statuses;
      display.show({ nowMs: Date.now(), statuses, modelOf, taken: taken(), trouble: answer.trouble });
      await pause(display.everyMs, signal);
    }
  } finally {
    display.leave();
    client.close();
  }
}

async function ask(
  client: VehicleHistoryClient,
): Promise<{ readonly statuses?: readonly StatusJson[]; readonly trouble?: string }> {
  try {
    const asked = { fleet: '', pageSize: PAGE_SIZE, pageToken: '', atLeast: [] };
    const page = await callUnary(client.listStatus, asked, { deadlineMs: ASK_WITHIN_MS });
    return { statuses: page.statuses.map((status) => statusJson(status, undefined)) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { trouble: error.message };
  }
}

function tableDisplay({ ingest, history }: FleetWatch['endpoints']): Display {
  const screen = createScreen(process.stdout);
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
      screen.show([fleetFrame(moment, screen.rows - foot.length), ...foot].join('\n'));
    },
    leave: () => screen.leave(),
  };
}

function lineDisplay(): Display {
  return { everyMs: LINE_EVERY_MS, show: (moment) => note(summaryOf(moment)), leave: () => undefined };
}

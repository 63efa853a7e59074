import { setTimeout as delay } from 'node:timers/promises';
import { VehicleHistoryClient } from '@odograph/contracts/generated/odograph/history/v1/vehicle_history';
import { isFault } from '@odograph/kernel/fault';
import { callUnary, createGrpcClient } from '@odograph/platform/grpc-client';
import { type StatusJson, statusJson } from '../json/status-json.ts';
import { note } from '../output.ts';
import { firstQueries } from './first-queries.ts';
import { type FleetMoment, fleetFrame, summaryOf } from './fleet-frame.ts';
import { createScreen } from './screen.ts';

export interface FleetWatch {
  /** History, `host:port`. */
  readonly endpoint: string;
  readonly modelOf: FleetMoment['modelOf'];
  /** Reports taken so far; undefined where nothing is sent from here. */
  readonly taken: () => number | undefined;
  readonly signal: AbortSignal;
}

/** Shows people a moment. */
interface Display {
  readonly everyMs: number;
  show(moment: FleetMoment): Promise<void> | void;
  leave(): void;
}

const REFRESH_MS = 1_000;
/** Between two lines where there is no terminal. */
const LINE_EVERY_MS = 5_000;
/** More vehicles than a terminal has lines. */
const PAGE_SIZE = 500;
const ASK_WITHIN_MS = 2_000;

/** Shows the fleet as history answers it, again and again until the signal; says so where it does not answer. */
export async function watchFleet({ endpoint, modelOf, taken, signal }: FleetWatch): Promise<void> {
  const client = createGrpcClient(VehicleHistoryClient, endpoint);
  const display = process.stdout.isTTY ? tableDisplay(endpoint) : lineDisplay();
  let statuses: readonly StatusJson[] = [];
  try {
    while (!signal.aborted) {
      const answer = await ask(client);
      statuses = answer.statuses ?? statuses;
      await display.show({ nowMs: Date.now(), statuses, modelOf, taken: taken(), trouble: answer.trouble });
      await delay(display.everyMs, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
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

function tableDisplay(endpoint: string): Display {
  const screen = createScreen(process.stdout);
  let queries: readonly string[] | undefined;
  return {
    everyMs: REFRESH_MS,
    show: async (moment) => {
      const [first] = moment.statuses;
      queries ??= first && (await firstQueries(endpoint, first.vehicle_id, moment.nowMs));
      const foot = [
        '',
        'Ask it, in another terminal:',
        ...(queries ?? ['npx odograph status']).map((each) => `  ${each}`),
      ];
      screen.show([fleetFrame(moment, screen.rows - foot.length), ...foot].join('\n'));
    },
    leave: () => screen.leave(),
  };
}

function lineDisplay(): Display {
  return { everyMs: LINE_EVERY_MS, show: (moment) => note(summaryOf(moment)), leave: () => undefined };
}

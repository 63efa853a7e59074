import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import type { Fault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import type { Fleet, FleetReport } from '@odograph/sources/scripted/fleet';
import { createDoorClient } from '@odograph/testing/door-client';
import type { Ledger } from '@odograph/testing/ledger';
import { sendByCalls, sendByConnection } from './batch-sender.ts';

/** One batch and how it ended, for whoever judges answers by their time. */
export interface ReportedBatch {
  /** By the monotonic clock of this process, in milliseconds. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Reports it was said of that they are on disk. */
  readonly acknowledged: readonly FleetReport[];
  /** Why some of it was left without an answer. */
  readonly fault: Fault | undefined;
}

export interface ReporterOptions {
  readonly endpoint: string;
  readonly fleet: Fleet;
  /** The vehicles that report through this one, by their number in the fleet. */
  readonly vehicles: readonly number[];
  readonly ledger: Ledger;
  readonly random: Random;
  /** How it talks to the door: by calls, or over a connection. */
  readonly manner: 'calls' | 'connection';
  readonly maxBatch: number;
  /** From the end of one batch to the next, in milliseconds. */
  readonly everyMs: number;
  readonly deadlineMs: number;
  /** How likely an acknowledged report is sent once more all the same. */
  readonly repeatOdds: number;
  readonly onBatch?: (batch: ReportedBatch) => void;
}

/** Reports for some vehicles, a batch at a time, and sends again what was not acknowledged. */
export interface Reporter {
  /**
   * Reports until the signal is aborted, then sends again until all is settled or `settleMs` are over. May be run again.
   */
  run(signal: AbortSignal, settleMs: number): Promise<void>;
  close(): void;
}

export function createReporter(options: ReporterOptions): Reporter {
  const { fleet, vehicles, ledger, random } = options;
  const client = createDoorClient(options.endpoint);
  const sender = options.manner === 'calls' ? sendByCalls : sendByConnection;
  const send = sender(client, options.deadlineMs);
  /** To be sent again, in the order in which they were first sent. */
  let again: readonly FleetReport[] = [];

  function freshReports(): readonly FleetReport[] {
    const count = 1 + random.index(options.maxBatch);
    return Array.from({ length: count }, () => fleet.next(vehicles[random.index(vehicles.length)] ?? 0));
  }

  /** A vehicle's next report is made once those before it are settled, so that they reach the log in order. */
  async function sendNext(batch: readonly FleetReport[], repeatOdds: number): Promise<void> {
    for (const report of batch) ledger.sending(report);
    const startedAtMs = performance.now();
    const { results, fault } = await send(batch.map(({ bytes }) => bytes));
    const durationMs = performance.now() - startedAtMs;
    batch.forEach((report, at) => {
      const result = results[at];
      if (result) ledger.told(report, result);
    });
    const acknowledged = batch.filter((_, at) => results[at]?.position !== undefined);
    again = batch.filter((_, at) => isOpen(results[at]) || random.chance(repeatOdds));
    options.onBatch?.({ startedAtMs, durationMs, acknowledged, fault });
  }

  return {
    async run(signal, settleMs) {
      while (!signal.aborted) {
        await sendNext(again.length > 0 ? again : freshReports(), options.repeatOdds);
        await pause(options.everyMs, signal);
      }
      const deadlineAtMs = performance.now() + settleMs;
      while (again.length > 0 && performance.now() < deadlineAtMs) {
        await sendNext(again, 0);
        await pause(options.everyMs);
      }
    },
    close: () => client.close(),
  };
}

const isOpen = (result: ReportResult | undefined): boolean =>
  result === undefined || result.outcome === ReportOutcome.UNAVAILABLE;

import {
  ReportOutcome,
  type ReportResult,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { pause } from '@odograph/kernel/clock';
import type { Fault } from '@odograph/kernel/fault';
import type { Random } from '@odograph/kernel/random';
import type { Fleet } from '@odograph/sources/fleet/fleet';
import type { FleetReport } from '@odograph/sources/fleet/fleet-report';
import type { Ledger } from '@odograph/testing/ledger';
import { createBatchSender } from './batch-sender.ts';

/** One batch and its result. */
export interface ReportedBatch {
  /** By the monotonic clock of this process, in milliseconds. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Reports that were acknowledged as stored. */
  readonly acknowledged: readonly FleetReport[];
  /** Why some of the reports have no answer. */
  readonly fault: Fault | undefined;
}

interface ReporterOptions {
  readonly endpoint: string;
  readonly fleet: Fleet;
  /** The vehicles of this reporter, by their index in the fleet. */
  readonly vehicles: readonly number[];
  readonly ledger: Ledger;
  readonly random: Random;
  /** Whether it uses the unary `Report` or a `Connect` stream. */
  readonly mode: 'calls' | 'connection';
  readonly maxBatch: number;
  /** From the end of one batch to the next, in milliseconds. */
  readonly everyMs: number;
  readonly deadlineMs: number;
  /** The probability that an acknowledged report is sent again. */
  readonly repeatOdds: number;
  readonly onBatch?: (batch: ReportedBatch) => void;
}

/** Sends reports of some vehicles, one batch at a time, and sends unacknowledged ones again. */
interface Reporter {
  /** Reports until the signal is aborted, then sends unanswered reports again for up to `drainMs`. May be called again. */
  run(signal: AbortSignal, drainMs: number): Promise<void>;
  close(): void;
}

export function createReporter(options: ReporterOptions): Reporter {
  const { fleet, vehicles, ledger, random } = options;
  const sender = createBatchSender(options);
  /** Reports to send again, in the order of their first attempt. */
  let again: readonly FleetReport[] = [];

  function freshReports(): readonly FleetReport[] {
    const count = 1 + random.index(options.maxBatch);
    return Array.from({ length: count }, () => fleet.next(vehicles[random.index(vehicles.length)] ?? 0));
  }

  /** Sends a batch to its end before the next one, so that the reports of a vehicle reach the log in order. */
  async function sendNext(batch: readonly FleetReport[], repeatOdds: number): Promise<void> {
    for (const report of batch) ledger.recordAttempt(report);
    const startedAtMs = performance.now();
    const { results, fault } = await sender.send(batch.map(({ bytes }) => bytes));
    const durationMs = performance.now() - startedAtMs;
    batch.forEach((report, at) => {
      const result = results[at];
      if (result) ledger.recordResult(report, result);
    });
    const acknowledged = batch.filter((_, at) => results[at]?.position !== undefined);
    again = batch.filter((_, at) => isUnanswered(results[at]) || random.chance(repeatOdds));
    options.onBatch?.({ startedAtMs, durationMs, acknowledged, fault });
  }

  return {
    async run(signal, drainMs) {
      while (!signal.aborted) {
        await sendNext(again.length > 0 ? again : freshReports(), options.repeatOdds);
        await pause(options.everyMs, signal);
      }
      const deadlineAtMs = performance.now() + drainMs;
      while (again.length > 0 && performance.now() < deadlineAtMs) {
        await sendNext(again, 0);
        await pause(options.everyMs);
      }
    },
    close: () => sender.close(),
  };
}

const isUnanswered = (result: ReportResult | undefined): boolean =>
  result === undefined || result.outcome === ReportOutcome.UNAVAILABLE;

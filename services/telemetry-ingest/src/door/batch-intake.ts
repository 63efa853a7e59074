import { setImmediate } from 'node:timers/promises';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { ReportResult } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import type { Fault } from '@odograph/kernel/fault';
import type { CallContext } from '@odograph/platform/grpc/handler';
import type { ReportLimits } from '../domain/report.ts';
import type { ClientLimits } from './client-limits.ts';
import { judgeReport } from './judge-report.ts';
import type { DoorMetrics } from './metrics.ts';
import { addAppended, batchRefusal, createResultMaker, unavailable } from './results.ts';
import type { TelemetryRoom } from './room.ts';
import type { SplitReports } from './split-message.ts';

/** What the door needs of the publisher. */
export type EventAppender = Pick<EventPublisher, 'appendAll' | 'partitionCount' | 'roomIn' | 'refusal'>;

interface BatchIntakeDeps {
  readonly publisher: EventAppender;
  readonly clients: Pick<ClientLimits, 'admitReports' | 'storingFault'>;
  readonly clock: Clock;
  readonly limits: ReportLimits;
  readonly room: TelemetryRoom;
  readonly metrics: DoorMetrics;
}

interface BatchCall extends Pick<CallContext, 'client' | 'deadlineAtMs' | 'traceparent'> {
  /** Whether a batch fails as a whole if none of its reports can be read. */
  readonly failsIfAllAreRejected: boolean;
  /** Called once the events of the batch are queued: a later batch cannot overtake them. */
  readonly onQueued?: () => void;
}

/** After judging for this long, in milliseconds, other calls get a turn. One report more may begin before. */
export const TURN_MS = 4;

/** Takes batches of reports: judges each report, and appends the events of those that can be read. */
export class BatchIntake {
  readonly #deps: BatchIntakeDeps;

  constructor(deps: BatchIntakeDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves with one result per report, in order, once each result is known.
   * Rejects with a Fault if the batch is refused as a whole: it is over a limit, or nothing of it was accepted.
   */
  async take(
    { reports, refusal }: Pick<SplitReports, 'reports' | 'refusal'>,
    call: BatchCall,
  ): Promise<ReportResult[]> {
    const { clients, metrics } = this.#deps;
    try {
      if (refusal) throw refusal;
      clients.admitReports(call.client, reports);
      metrics.batchTaken(reports.length);
      const { results, faults } = await this.#judgeAndAppend(reports, call);
      metrics.answered(results);
      const fault = batchRefusal(results, faults, call.failsIfAllAreRejected);
      if (fault) throw fault;
      metrics.refusedInPart(faults.values());
      return results;
    } catch (error) {
      metrics.refused(error);
      throw error;
    }
  }

  async #judgeAndAppend(reports: readonly Uint8Array[], call: BatchCall) {
    const { results, appends, faults } = await this.#judge(reports, call);
    // Removed from the list, so that the events can be freed before the results are known.
    const appending = this.#deps.publisher.appendAll(appends.splice(0), { deadlineAtMs: call.deadlineAtMs });
    call.onQueued?.();
    return { results, faults: new Map([...faults, ...addAppended(results, await appending)]) };
  }

  /** The results so far, the events to append, and the faults of reports for which there is no room, by their index. */
  async #judge(reports: readonly Uint8Array[], { client, traceparent }: BatchCall) {
    const { clients, clock, limits, room } = this.#deps;
    const receivedAtMs = clock.now();
    const resultOf = createResultMaker();
    const results: ReportResult[] = [];
    const appends: (readonly Event[])[] = [];
    const faults = new Map<number, Fault>();
    let turnStartedAtMs = performance.now();
    for (const [index, bytes] of reports.entries()) {
      if (performance.now() - turnStartedAtMs >= TURN_MS) {
        await setImmediate();
        turnStartedAtMs = performance.now();
      }
      const { judged, events, samples, windows } = judgeReport(bytes, { receivedAtMs, traceparent, limits });
      // A report that cannot be read gets its result even if there is no room: a retry would not help it.
      const vehicle = events[0]?.subject;
      const fault =
        vehicle && (room.faultFor(vehicle) ?? clients.storingFault(client, { vehicle, samples, windows }));
      results.push(fault ? unavailable(fault) : resultOf(judged));
      if (fault) faults.set(index, fault);
      else if (events.length > 0) appends.push(events);
    }
    return { results, appends, faults };
  }
}

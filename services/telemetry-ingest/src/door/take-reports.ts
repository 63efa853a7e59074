import { setImmediate } from 'node:timers/promises';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { AppendResult, EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { type Fault, invariant, isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { CallContext } from '@odograph/platform/grpc/handler';
import { acceptReport, type Rejected, type Taken } from '../domain/accept.ts';
import type { ReportLimits } from '../domain/report.ts';
import { decodeReport } from './decode-report.ts';
import { toEvents } from './to-events.ts';

/** What the door needs of the log. */
export type EventAppender = Pick<EventPublisher, 'appendAll'>;

/** A report that goes into the log, and how it was judged. */
type Judged = Pick<Taken, 'outcome' | 'findings'>;

/** What became of one report. */
export type Answer =
  | (Judged & { readonly position: EventPosition })
  | Rejected
  | { readonly outcome: 'unavailable'; readonly fault: Fault };

export interface TakeReportsParts {
  readonly events: EventAppender;
  readonly clock: Clock;
  readonly limits: ReportLimits;
}

export interface ReportsCall extends Pick<CallContext, 'deadlineAtMs' | 'traceparent'> {
  /** Called once all reports are on their way: whoever comes next cannot overtake them. */
  readonly onHandedOver?: () => void;
}

/** Takes reports, each in its own bytes, and answers for each, in order, once its fate is settled. */
export type TakeReports = (reports: readonly Uint8Array[], call: ReportsCall) => Promise<readonly Answer[]>;

/** So many reports are judged in one go, about 2 ms where each has one sample; then other calls have their turn. */
const REPORTS_PER_TURN = 250;

export function createTakeReports({ events, clock, limits }: TakeReportsParts): TakeReports {
  return async (reports, call) => {
    const receivedAtMs = clock.now();
    const judged: (Judged | Rejected)[] = [];
    const groups: (readonly Event[])[] = [];
    for (const bytes of reports) {
      if (judged.length % REPORTS_PER_TURN === REPORTS_PER_TURN - 1) await setImmediate();
      judged.push(judge(bytes, { receivedAtMs, traceparent: call.traceparent, groups }));
    }
    // Taken out, so that they are not kept until the fates are known.
    const appended = events.appendAll(groups.splice(0), call.deadlineAtMs);
    call.onHandedOver?.();
    const fates = (await appended).values();
    return judged.map((one) => (one.outcome === 'rejected' ? one : answer(one, fates.next().value)));
  };

  /** Judges a report, and adds the events that it becomes to those that go into the log. */
  function judge(bytes: Uint8Array, { receivedAtMs, traceparent, groups }: Judging): Judged | Rejected {
    const decoded = decodeReport(bytes);
    if (!decoded.isDecoded) return { outcome: 'rejected', findings: [decoded.violation] };
    const verdict = acceptReport(decoded.report, receivedAtMs, limits);
    if (verdict.outcome === 'rejected') return verdict;
    groups.push(toEvents(verdict, decoded.wire, traceparent));
    return { outcome: verdict.outcome, findings: verdict.findings };
  }
}

interface Judging extends Pick<ReportsCall, 'traceparent'> {
  readonly receivedAtMs: number;
  readonly groups: (readonly Event[])[];
}

function answer({ outcome, findings }: Judged, fate: AppendResult | undefined): Answer {
  invariant(fate !== undefined, 'each report in the log has a fate');
  if (!isFault(fate)) return { outcome, findings, position: fate };
  if (isFault(fate, 'UNAVAILABLE', 'OVERLOADED')) return { outcome: 'unavailable', fault: fate };
  throw fate;
}

import { setImmediate } from 'node:timers/promises';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { EventPublisher } from '@odograph/event-log/publisher';
import type { Clock } from '@odograph/kernel/clock';
import { type Fault, isFault } from '@odograph/kernel/fault';
import type { EventPosition } from '@odograph/kernel/position';
import type { CallContext } from '@odograph/platform/grpc-handler';
import { acceptReport, type Rejected, type Taken } from '../domain/accept.ts';
import type { ReportLimits } from '../domain/report.ts';
import { decodeReport } from './decode-report.ts';
import { toEvents } from './to-events.ts';

/** What the door needs of the log. */
export type EventAppender = Pick<EventPublisher, 'append'>;

/** A report that goes into the log, and how it was judged. */
type Judged = Pick<Taken, 'outcome' | 'findings'>;

/** The same with the events that it becomes. */
type Ready = Judged & { readonly group: readonly Event[] };

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
    const judged: (Ready | Rejected)[] = [];
    for (const bytes of reports) {
      if (judged.length % REPORTS_PER_TURN === REPORTS_PER_TURN - 1) await setImmediate();
      judged.push(judge(bytes, receivedAtMs, call.traceparent));
    }
    // All are handed to the log before the first is waited for: the reports of a vehicle keep their order.
    const answers = judged.map((one) => answer(one, call.deadlineAtMs));
    call.onHandedOver?.();
    return Promise.all(answers);
  };

  function judge(bytes: Uint8Array, receivedAtMs: number, traceparent: string): Ready | Rejected {
    const decoded = decodeReport(bytes);
    if (!decoded.isDecoded) return { outcome: 'rejected', findings: [decoded.violation] };
    const verdict = acceptReport(decoded.report, receivedAtMs, limits);
    if (verdict.outcome === 'rejected') return verdict;
    const { outcome, findings } = verdict;
    return { outcome, findings, group: toEvents(verdict, decoded.wire, traceparent) };
  }

  async function answer(judged: Ready | Rejected, deadlineAtMs: number): Promise<Answer> {
    if (judged.outcome === 'rejected') return judged;
    const { outcome, findings, group } = judged;
    try {
      return { outcome, findings, position: await events.append(group, deadlineAtMs) };
    } catch (error) {
      if (!isFault(error, 'UNAVAILABLE', 'OVERLOADED')) throw error;
      return { outcome: 'unavailable', fault: error };
    }
  }
}

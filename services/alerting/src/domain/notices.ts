import { SEVERITIES, type Severity } from '@odograph/kernel/alert-event';
import type { AlertEvent, VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { AlertRecord } from './alert-record.ts';

/** What an alert says to one receiver. Plain data. */
export interface Notice {
  /** The same for the same event of the log, so that it is kept once. */
  readonly key: string;
  readonly receiver: string;
  /** `flapping`: it fires for the last time of many; the next ones have no notice. */
  readonly kind: 'firing' | 'flapping' | 'resolved';
  readonly alert: NoticedAlert;
  readonly because: string;
  /** Whether it was known only after samples had come late. */
  readonly isLate: boolean;
  /** When it was found, by our clock, in Unix milliseconds. */
  readonly atMs: number;
  /** The notice that the receiver must have had before. */
  readonly follows?: string | undefined;
  /** When it may be sent, by our clock, in Unix milliseconds: others of its receiver go with it. */
  readonly dueAtMs: number;
  /** Why it is not sent; undefined if it is. */
  readonly suppressedBecause?: string | undefined;
}

/** An alert as receivers see it. Times are by the clock of its rule, in Unix milliseconds. */
export interface NoticedAlert {
  readonly id: string;
  readonly rule: string;
  readonly revision: number;
  readonly vehicleId: string;
  readonly fleet: string;
  readonly severity: Severity;
  /** The other ones by which the receiver knows it. */
  readonly formerSeverities: readonly Severity[];
  readonly description: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** A receiver, as far as it decides which notices it gets. */
export interface Addressee {
  readonly name: string;
  readonly severities: readonly Severity[];
  /** How long notices of a severity wait for others, in milliseconds. */
  groupWaitMs(severity: Severity): number;
}

/** What decides which notices an event makes. */
export interface NoticeContext {
  /** Where the log has the event. */
  readonly place: string;
  /** The alert after the event. */
  readonly record: AlertRecord;
  readonly description: string;
  /** The names that the rule gives; empty: all receivers of the severity. */
  readonly receiversOfRule: readonly string[];
  readonly receivers: readonly Addressee[];
  /** The notices that the alert has already, the oldest first. */
  readonly earlier: readonly Notice[];
  /** The silence that is for the alert now; undefined if there is none. */
  readonly silence: string | undefined;
}

/** An alert that was found so long after it had fired has no notice any more, in milliseconds. */
const MAX_LATE_MS = 3_600_000;

/** What an event of an alert makes receivers hear. It depends on what is recorded only, so that it can be made again. */
export function noticesOf(event: AlertEvent, context: NoticeContext): readonly Notice[] {
  switch (event.type) {
    case 'AlertFired':
      return beginnings(event, context, {
        isFlapping: event.flapping === 'begins',
        because: flappingReason(event),
      });
    case 'AlertSeverityChanged':
      return beginnings(event, context, { isFlapping: false });
    case 'AlertRaisedLate': {
      const begun = beginnings(event, context, { isFlapping: false, because: latenessReason(event) });
      if (event.resolvedAtMs === undefined) return begun;
      return [...begun, ...endings(event, { ...context, earlier: [...context.earlier, ...begun] })];
    }
    case 'AlertCorrected':
      if (event.resolvedAtMs !== undefined) return endings(event, context);
      return beginnings(event, context, { isFlapping: false, because: latenessReason(event) });
    case 'AlertResolved':
    case 'AlertRetracted':
      return endings(event, context);
    default:
      return [];
  }
}

const BY_SILENCE = /^silence /;

/** Whether a silence is why a notice is not sent. */
export const isSilencedNotice = ({ suppressedBecause = '' }: Notice): boolean =>
  BY_SILENCE.test(suppressedBecause);

/** Whether a silence keeps an alert that goes on from one of its receivers, by its notices, the oldest first. */
export function isSilencedFor(notices: readonly Notice[]): boolean {
  const lastOfEach = new Map(notices.map((notice) => [notice.receiver, notice]));
  return [...lastOfEach.values()].some((last) => last.kind !== 'resolved' && isSilencedNotice(last));
}

/** What receivers hear of an alert that goes on when no silence is for it any more: what a silence kept from them. */
export function noticesAfterSilence(
  atMs: number,
  context: Omit<NoticeContext, 'silence'>,
): readonly Notice[] {
  const { earlier, receivers, record } = context;
  const severity = record.severity ?? 'warning';
  return receivers.flatMap((receiver) => {
    const last = earlier.findLast((notice) => notice.receiver === receiver.name);
    if (last === undefined || last.kind === 'resolved' || !isSilencedNotice(last)) return [];
    const own = { receiver: receiver.name, kind: last.kind, dueAtMs: atMs + receiver.groupWaitMs(severity) };
    return [noticeOf({ type: 'TimeTicked', receivedAtMs: atMs }, context, own)];
  });
}

function flappingReason({ flapping }: { readonly flapping: string }): string | undefined {
  return flapping === 'goes on' ? 'flapping' : undefined;
}

interface Late {
  readonly receivedAtMs: number;
  readonly firedAtMs: number;
}

function latenessReason({ receivedAtMs, firedAtMs }: Late): string | undefined {
  return receivedAtMs - firedAtMs > MAX_LATE_MS ? 'late' : undefined;
}

interface Beginning {
  readonly isFlapping: boolean;
  /** Why it has no notice, whatever else. */
  readonly because?: string | undefined;
}

/** For each receiver that does not know of an alert of this severity, or knows it as over. */
function beginnings(event: AlertEvent, context: NoticeContext, beginning: Beginning): readonly Notice[] {
  const { record, earlier, silence } = context;
  const severity = record.severity ?? 'warning';
  return addressed(context, severity).flatMap((receiver) => {
    const last = earlier.findLast((notice) => notice.receiver === receiver.name);
    const isTold = last !== undefined && last.kind !== 'resolved';
    if (isTold && rankOf(last.alert.severity) >= rankOf(severity)) return [];
    const suppressedBecause = beginning.because ?? (silence === undefined ? undefined : `silence ${silence}`);
    const notice = noticeOf(event, context, {
      receiver: receiver.name,
      kind: beginning.isFlapping ? 'flapping' : 'firing',
      dueAtMs: event.receivedAtMs + receiver.groupWaitMs(severity),
    });
    // What a silence kept back was not heard, so there is nothing to follow.
    const follows = last && isSilencedNotice(last) ? undefined : last?.key;
    return [{ ...notice, follows, suppressedBecause }];
  });
}

/** For each receiver that knows of the alert. What was not sent is not said to be over either. */
function endings(event: AlertEvent, context: NoticeContext): readonly Notice[] {
  const { earlier, receivers, record } = context;
  const names = [...new Set(earlier.map(({ receiver }) => receiver))];
  return names.flatMap((name) => {
    const last = earlier.findLast(({ receiver }) => receiver === name);
    if (!last || last.kind === 'resolved') return [];
    const waitMs =
      receivers.find((each) => each.name === name)?.groupWaitMs(record.severity ?? 'warning') ?? 0;
    const notice = noticeOf(event, context, {
      ...{ receiver: name, kind: 'resolved', dueAtMs: event.receivedAtMs + waitMs },
    });
    return [{ ...notice, follows: last.key, suppressedBecause: last.suppressedBecause }];
  });
}

function addressed({ receivers, receiversOfRule }: NoticeContext, severity: Severity): readonly Addressee[] {
  return receivers.filter(({ name, severities }) =>
    receiversOfRule.length > 0 ? receiversOfRule.includes(name) : severities.includes(severity),
  );
}

function noticeOf(
  event: Pick<VehicleEvent, 'type' | 'receivedAtMs'>,
  { place, record, description, earlier }: Omit<NoticeContext, 'silence'>,
  own: Pick<Notice, 'receiver' | 'kind' | 'dueAtMs'>,
): Notice {
  const {
    id,
    rule,
    revision,
    vehicleId,
    fleet,
    severity = 'warning',
    startedAtMs,
    endedAtMs,
    values,
  } = record;
  const known = earlier.flatMap((notice) =>
    notice.receiver === own.receiver ? [notice.alert.severity] : [],
  );
  const formerSeverities = [...new Set(known)].filter((each) => each !== severity);
  const because = event.type === 'AlertRetracted' ? 'retracted' : (record.because ?? 'condition');
  return {
    ...own,
    key: `${id} ${place} ${own.receiver} ${own.kind}`,
    alert: {
      ...{ id, rule, revision, vehicleId, fleet, severity, formerSeverities },
      ...{ description, startedAtMs, endedAtMs, values },
    },
    ...{ because, isLate: record.isLate, atMs: event.receivedAtMs },
  };
}

const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity);

import { partitionOf } from '@odograph/kernel/partition';
import { comparePositions, formatPosition, type Position } from '@odograph/kernel/position';
import type { ReportKind } from '@odograph/sources/fleet/fleet-report';
import { isAcknowledged, type LedgerEntry, type Outcome } from '@odograph/testing/ledger';
import type { LoggedEvent } from '../client/logged-event.ts';
import { type Violation, violationsOf } from './violation.ts';

/** For each kind of report: its events in the log and the outcome that its sender gets. */
const EXPECTED: Readonly<
  Record<ReportKind, { readonly events: readonly string[]; readonly outcome: Outcome }>
> = {
  plain: { events: ['TelemetryReported'], outcome: 'accepted' },
  late: { events: ['TelemetryReported'], outcome: 'accepted' },
  conflicting: { events: ['TelemetryReported'], outcome: 'accepted' },
  'partly-believable': { events: ['TelemetryReported', 'TelemetryQuarantined'], outcome: 'accepted' },
  unbelievable: { events: ['TelemetryQuarantined'], outcome: 'quarantined' },
  unreadable: { events: [], outcome: 'rejected' },
};

interface CheckOptions {
  readonly partitionCount: number;
  /** See `Round.destroyAbove`. */
  readonly destroyedAbove?: readonly Position[];
}

/** Checks that the log has every acknowledged report, once and in order, and nothing else. */
export function checkLog(
  entries: readonly LedgerEntry[],
  log: readonly LoggedEvent[],
  { partitionCount, destroyedAbove = [] }: CheckOptions,
): readonly Violation[] {
  const byIdentity = Map.groupBy(log, ({ identity }) => identity);
  return [
    ...checkAcknowledged(entries, byIdentity, destroyedAbove),
    ...checkOnce(byIdentity),
    ...checkOrigin(entries, log),
    ...checkPositions(log, partitionCount),
    ...checkOrder(entries, byIdentity),
  ];
}

type ByIdentity = ReadonlyMap<string, readonly LoggedEvent[]>;

function checkAcknowledged(
  entries: readonly LedgerEntry[],
  log: ByIdentity,
  destroyedAbove: readonly Position[],
): readonly Violation[] {
  const isComplete = ({ sent }: LedgerEntry) =>
    EXPECTED[sent.kind].events.every((type) =>
      log.get(sent.identity)?.some(({ event }) => event.type === type),
    );
  const lost = entries.filter(
    (entry) => isAcknowledged(entry) && !isComplete(entry) && !isDestroyed(entry, destroyedAbove),
  );
  const wrongOutcome = entries.filter(
    ({ sent, outcome }) => outcome !== 'unknown' && outcome !== EXPECTED[sent.kind].outcome,
  );
  return [
    ...violationsOf('every acknowledged report is in the log', lost.map(describe)),
    ...violationsOf('a sender gets the right outcome of its report', wrongOutcome.map(describe)),
  ];
}

/** A repair jumps as many sequences, so positions beyond are of the stream after it. */
const JUMP = 1_000_000;

function isDestroyed({ position }: LedgerEntry, above: readonly Position[]): boolean {
  return above.some(({ partition, sequence }) => {
    if (partition !== position?.partition) return false;
    return position.sequence > sequence && position.sequence < sequence + JUMP;
  });
}

/** Each part of a report must be in the log once. */
function checkOnce(log: ByIdentity): readonly Violation[] {
  const doubled = [...log].flatMap(([identity, events]) => {
    const parts = Map.groupBy(events, ({ event }) => event.part);
    return [...parts.values()]
      .filter(({ length }) => length > 1)
      .map((twice) => `${identity} at ${positionsOf(twice)}`);
  });
  return violationsOf('a report is in the log once', doubled);
}

function checkOrigin(entries: readonly LedgerEntry[], log: readonly LoggedEvent[]): readonly Violation[] {
  const sent = new Map(entries.map((entry) => [entry.sent.identity, entry]));
  const isExpected = ({ identity, event }: LoggedEvent) => {
    const entry = sent.get(identity);
    return entry !== undefined && EXPECTED[entry.sent.kind].events.includes(event.type);
  };
  const foreign = log.filter((logged) => !isExpected(logged));
  return violationsOf(
    'the log has only reports that were sent',
    foreign.map(
      ({ event, identity, position }) => `${event.type} ${identity} at ${formatPosition(position)}`,
    ),
  );
}

function checkPositions(log: readonly LoggedEvent[], partitionCount: number): readonly Violation[] {
  const wrongPartition = log.filter(({ event, position }) => {
    return partitionOf(event.subject, partitionCount) !== position.partition;
  });
  const backwards = [...Map.groupBy(log, ({ position }) => position.partition).values()].flatMap((events) =>
    events.filter(({ position }, at) => {
      const before = events[at - 1]?.position;
      return before !== undefined && comparePositions(before, position) >= 0;
    }),
  );
  return [
    ...violationsOf(
      'a vehicle is in one partition',
      wrongPartition.map(({ identity }) => identity),
    ),
    ...violationsOf(
      'a partition is read in order',
      backwards.map(({ position }) => formatPosition(position)),
    ),
  ];
}

interface Stored {
  readonly entry: LedgerEntry;
  readonly first: LoggedEvent;
}

/** The reports of a vehicle must have the order in which it sent them, as far as that order is known. */
function checkOrder(entries: readonly LedgerEntry[], log: ByIdentity): readonly Violation[] {
  const stored = entries.flatMap((entry): Stored[] => {
    const first = log.get(entry.sent.identity)?.[0];
    return first && isAcknowledged(entry) ? [{ entry, first }] : [];
  });
  const details = [...Map.groupBy(stored, ({ entry }) => entry.sent.vehicleId).values()].flatMap((own) => {
    const inLogOrder = own.toSorted((a, b) => comparePositions(a.first.position, b.first.position));
    return [...overtaken(inLogOrder), ...outOfOrder(inLogOrder)];
  });
  return violationsOf('the reports of a vehicle keep their order', details);
}

/** Reports that are behind another one which was first sent after their acknowledgement. */
function overtaken(inLogOrder: readonly Stored[]): readonly string[] {
  let lastSentAt = 0;
  return inLogOrder.flatMap(({ entry, first }) => {
    const isOvertaken = (entry.answeredAt ?? 0) < lastSentAt;
    lastSentAt = Math.max(lastSentAt, entry.firstSentAt);
    return isOvertaken
      ? [`${entry.sent.identity} at ${formatPosition(first.position)}, sent earlier than a report before it`]
      : [];
  });
}

/** Reports whose first attempt was acknowledged must have the order of these attempts. */
function outOfOrder(inLogOrder: readonly Stored[]): readonly string[] {
  const firstTries = inLogOrder.filter(({ entry }) => entry.isFirstTry);
  return firstTries.flatMap(({ entry }, at) => {
    const before = firstTries[at - 1]?.entry;
    return before && before.firstSentAt > entry.firstSentAt
      ? [`${entry.sent.identity} behind ${before.sent.identity}`]
      : [];
  });
}

const describe = ({ sent, outcome, position }: LedgerEntry) =>
  `${sent.kind} ${sent.identity} was ${outcome}${position ? ` at ${formatPosition(position)}` : ''}`;

const positionsOf = (events: readonly LoggedEvent[]) =>
  events.map(({ position }) => formatPosition(position)).join(', ');

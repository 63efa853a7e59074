import { partitionOf } from '@odograph/kernel/partition';
import { comparePositions, formatPosition } from '@odograph/kernel/position';
import type { ReportKind } from '@odograph/sources/scripted/fleet';
import { isAcknowledged, type LedgerEntry, type Told } from '@odograph/testing/ledger';
import type { LoggedEvent } from './logged-event.ts';
import { type Violation, violationsOf } from './violation.ts';

/** The events of a report in the log, and what its sender is told, by kind. */
const EXPECTED: Readonly<Record<ReportKind, { readonly events: readonly string[]; readonly told: Told }>> = {
  plain: { events: ['TelemetryReported'], told: 'accepted' },
  late: { events: ['TelemetryReported'], told: 'accepted' },
  conflicting: { events: ['TelemetryReported'], told: 'accepted' },
  'partly-believable': { events: ['TelemetryReported', 'TelemetryQuarantined'], told: 'accepted' },
  unbelievable: { events: ['TelemetryQuarantined'], told: 'quarantined' },
  unreadable: { events: [], told: 'rejected' },
};

/** Holds the log against what its senders know: acknowledged, once, in order, and nothing else. */
export function checkLog(
  entries: readonly LedgerEntry[],
  log: readonly LoggedEvent[],
  partitionCount: number,
): readonly Violation[] {
  const byIdentity = Map.groupBy(log, ({ identity }) => identity);
  return [
    ...checkAcknowledged(entries, byIdentity),
    ...checkOnce(byIdentity),
    ...checkOrigin(entries, log),
    ...checkPlaces(log, partitionCount),
    ...checkOrder(entries, byIdentity),
  ];
}

type ByIdentity = ReadonlyMap<string, readonly LoggedEvent[]>;

function checkAcknowledged(entries: readonly LedgerEntry[], log: ByIdentity): readonly Violation[] {
  const isWhole = ({ sent }: LedgerEntry) =>
    EXPECTED[sent.kind].events.every((type) =>
      log.get(sent.identity)?.some(({ event }) => event.type === type),
    );
  const lost = entries.filter((entry) => isAcknowledged(entry) && !isWhole(entry));
  const wronglyTold = entries.filter(
    ({ sent, told }) => told !== 'nothing' && told !== EXPECTED[sent.kind].told,
  );
  return [
    ...violationsOf('what was acknowledged is in the log', lost.map(describe)),
    ...violationsOf('a sender is told what became of its report', wronglyTold.map(describe)),
  ];
}

/** The parts of a report count apart. */
function checkOnce(log: ByIdentity): readonly Violation[] {
  const doubled = [...log].flatMap(([identity, events]) => {
    const parts = Map.groupBy(events, ({ event }) => event.part);
    return [...parts.values()]
      .filter(({ length }) => length > 1)
      .map((twice) => `${identity} at ${placesOf(twice)}`);
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
    'the log has nothing but what was sent',
    foreign.map(
      ({ event, identity, position }) => `${event.type} ${identity} at ${formatPosition(position)}`,
    ),
  );
}

function checkPlaces(log: readonly LoggedEvent[], partitionCount: number): readonly Violation[] {
  const misplaced = log.filter(({ event, position }) => {
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
      'a vehicle lives in one partition',
      misplaced.map(({ identity }) => identity),
    ),
    ...violationsOf(
      'a partition is read in order',
      backwards.map(({ position }) => formatPosition(position)),
    ),
  ];
}

interface Placed {
  readonly entry: LedgerEntry;
  readonly first: LoggedEvent;
}

/** A vehicle's reports lie in the order in which it came to send them, wherever that is known. */
function checkOrder(entries: readonly LedgerEntry[], log: ByIdentity): readonly Violation[] {
  const placed = entries.flatMap((entry): Placed[] => {
    const first = log.get(entry.sent.identity)?.[0];
    return first && isAcknowledged(entry) ? [{ entry, first }] : [];
  });
  const details = [...Map.groupBy(placed, ({ entry }) => entry.sent.vehicleId).values()].flatMap((own) => {
    const inLogOrder = own.toSorted((a, b) => comparePositions(a.first.position, b.first.position));
    return [...overtaken(inLogOrder), ...outOfTurn(inLogOrder)];
  });
  return violationsOf('a vehicle’s reports keep their order', details);
}

/** A report that was acknowledged before another was sent for the first time, and lies behind it. */
function overtaken(inLogOrder: readonly Placed[]): readonly string[] {
  let lastSentAt = 0;
  return inLogOrder.flatMap(({ entry, first }) => {
    const isOvertaken = (entry.toldAt ?? 0) < lastSentAt;
    lastSentAt = Math.max(lastSentAt, entry.firstSentAt);
    return isOvertaken
      ? [`${entry.sent.identity} at ${formatPosition(first.position)}, sent earlier than what lies before`]
      : [];
  });
}

/** Reports that were taken when they were first sent lie in the order of their sending. */
function outOfTurn(inLogOrder: readonly Placed[]): readonly string[] {
  const firstTries = inLogOrder.filter(({ entry }) => entry.isFirstTry);
  return firstTries.flatMap(({ entry }, at) => {
    const before = firstTries[at - 1]?.entry;
    return before && before.firstSentAt > entry.firstSentAt
      ? [`${entry.sent.identity} behind ${before.sent.identity}`]
      : [];
  });
}

const describe = ({ sent, told, position }: LedgerEntry) =>
  `${sent.kind} ${sent.identity} was ${told}${position ? ` at ${formatPosition(position)}` : ''}`;

const placesOf = (events: readonly LoggedEvent[]) =>
  events.map(({ position }) => formatPosition(position)).join(', ');

import type { ServiceName } from '@odograph/cluster/services';
import type { PlantedBug } from '@odograph/testing/planted-bug';

export interface ChaosBug extends PlantedBug {
  readonly service: ServiceName;
  /** The scenario that must catch it. */
  readonly caughtBy: string;
}

const LANE = 'packages/event-log/src/publisher-lane.ts';
const SUBSCRIBE = 'packages/event-log/src/subscribe.ts';
const BELLS = 'services/history/src/log/bells.ts';
const SESSION = 'services/history/src/log/append-session.ts';
const LEDGER = 'services/history/src/log/ledger.ts';
const DUPLICATE_KEY = 'services/history/src/log/duplicate-key.ts';
const KNOWN_TIMES = 'services/history/src/domain/ledger/known-times.ts';
const FATE = 'services/history/src/domain/ledger/fate.ts';
const COLLECTIONS = 'services/history/src/log/collections.ts';
const COMMITTED = 'packages/event-log/src/committed-envelope.ts';
const STREAM_CHECK = 'services/history/src/log/stream-check.ts';
const FLUSH = 'services/history/src/views/flush.ts';
const STORE = 'services/history/src/views/save-slices.ts';
const TAIL = 'services/history/src/views/tail.ts';
const ALERT_EVENTS = 'services/alerting/src/evaluate/alert-events.ts';
const PARTITION_WORKER = 'services/alerting/src/evaluate/partition-worker.ts';
const DECIDE = 'packages/decisions/src/decide.ts';
const CACHE = 'packages/cache/src/cache.ts';
const CACHE_ENTRIES = 'packages/cache/src/entries.ts';
const VIEW_READER = 'services/history/src/views/view-reader.ts';

/** Between ingest and the stream. */
const inIngest: readonly ChaosBug[] = [
  {
    name: 'acknowledged before it is stored',
    description: 'ingest acknowledges an envelope when it is sent, before JetStream has stored it',
    service: 'ingest',
    file: LANE,
    find: 'return await this.#publish(bytes, messageId);',
    replace: `const storing = this.#publish(bytes, messageId);
        if (this.last) completeAt(partition, this.last + 1, envelope);
        this.last = await storing;
        return this.last;`,
    caughtBy: 'at: envelope sent',
  },
  {
    name: 'envelopes overtake one another',
    description: 'ingest has more than one envelope of a partition in flight',
    service: 'ingest',
    file: LANE,
    find: 'if (this.#inFlight.length > 0) await this.#store(this.#inFlight);',
    replace: 'if (this.#inFlight.length > 0) void this.#store(this.#inFlight);',
    caughtBy: 'at: envelope sent, small envelopes',
  },
];

/** Between the stream and the log. */
const inTheLog: readonly ChaosBug[] = [
  {
    name: 'watermark before the insert',
    description: 'the writer does not wait for the insert: it passes on envelopes that the log does not have',
    service: 'history',
    file: SESSION,
    find: '  await appendUntilKnown(deps, envelopes);',
    replace: '  appendUntilKnown(deps, envelopes).catch(() => undefined);',
    caughtBy: 'at: insert sent',
  },
  {
    name: 'duplicates passed on',
    description: 'a report that was sent twice is passed on twice to followers of the log',
    service: 'history',
    file: LEDGER,
    find: "  if (fate.kind !== 'conflict') return undefined;",
    replace: "  if (fate.kind !== 'conflict') return sent;",
    caughtBy: 'calm',
  },
  {
    name: 'conflicts taken for duplicates',
    description: 'a report with a known key is dropped although its content is different',
    service: 'history',
    file: FATE,
    find: "? 'duplicate' : 'conflict'",
    replace: "? 'duplicate' : 'duplicate'",
    caughtBy: 'calm',
  },
  {
    name: 'a hit believed by its hash',
    description: 'an event whose key has a known hash is a duplicate, whatever the event that is found there',
    service: 'history',
    file: LEDGER,
    find: '    return this.#findHolder(event, (holder) => isSameEvent(holder, event));',
    replace:
      '    const hit = this.#findHolder(event, () => true); return hit && { ...hit, contentHash: event.contentHash };',
    caughtBy: 'calm',
  },
  {
    name: 'newest raised by what was quarantined',
    description:
      'a report from a clock that is years ahead makes every later report of its vehicle one to look up',
    service: 'history',
    file: KNOWN_TIMES,
    find: '  return part === 0 && observedAtMs <= receivedAtMs + MAX_AHEAD_MS && PLAIN_TYPES.includes(type);',
    replace: '  return part === 0;',
    caughtBy: 'calm',
  },
  {
    name: 'judged before the tail had caught up',
    description: 'a new owner judges without the reports that the log has and the stored ledger does not',
    service: 'history',
    file: LEDGER,
    find: '    await ledger.#catchUp(head, signal);',
    replace: '    ledger.#through = head;',
    caughtBy: 'takeover',
  },
  {
    name: 'two decisions with one version',
    description:
      'the log does not ask whether it has another decision with the same version of the aggregate',
    service: 'history',
    file: LEDGER,
    find: '    if (event.aggregateVersion === undefined) return false;',
    replace: '    return false;',
    caughtBy: 'many deciders',
  },
  {
    name: 'refused on an old state',
    description: 'a decision is refused on what a replica has folded, not on what the log has',
    service: 'history',
    file: DECIDE,
    find: 'await reachHead();',
    replace: '',
    caughtBy: 'many deciders',
  },
  {
    name: 'a lost write of the ledger taken for done',
    description:
      'the checkpoint of the ledger moves although the connection broke while the ledger was stored',
    service: 'history',
    file: DUPLICATE_KEY,
    find: '    if (failed.length === 0 || failed.some(',
    replace: '    if (failed.some(',
    caughtBy: 'at: ledger sent',
  },
  {
    name: 'an unlinked envelope read',
    description: 'an envelope that a former owner appends late, over a repair, becomes part of the log',
    service: 'history',
    file: COLLECTIONS,
    find: 'key: { after: 1 }, unique: true }',
    replace: 'key: { after: 1 } }',
    caughtBy: 'late over a repair',
  },
  {
    name: 'a fate forgotten on re-reading',
    description: 'a reader of stored envelopes takes every event for new',
    service: 'history',
    file: COMMITTED,
    find: '    const fate = fates.size > 0 ? fates.get(index) : undefined;',
    replace: '    const fate = undefined;',
    caughtBy: 'calm',
  },
  {
    name: 'set aside and forgotten',
    description: 'a repair does not publish again the messages that it set aside',
    service: 'history',
    file: STREAM_CHECK,
    find: '  await restoreSetAside(repairing);',
    replace: '',
    caughtBy: 'stream restored',
  },
];

/** Between the log and the views or subscribers. */
const inTheViews: readonly ChaosBug[] = [
  {
    name: 'broadcasts skipped',
    description: 'a follower of the log does not notice a missing broadcast',
    service: 'history',
    file: SUBSCRIBE,
    find: 'if (!next || next.after > at) return false;',
    replace: 'if (!next) return false;',
    caughtBy: 'at: broadcast, replica',
  },
  {
    name: 'a bell believed',
    description: 'a process reads the log up to where a broadcast points, not up to where the log ends',
    service: 'history',
    file: BELLS,
    find: `    heard = undefined;
    await readNew(partition, reader, live)`,
    replace: `    const { watermark } = heard;
    heard = undefined;
    await readNew(partition, { ...reader, watermark: async () => watermark }, live)`,
    caughtBy: 'forged broadcasts',
  },
  {
    name: 'checkpoint before the flush',
    description: 'the checkpoint moves before the documents are stored',
    service: 'history',
    file: FLUSH,
    find: '  let slices = 0;',
    replace: `  let slices = 0;
  for (const { checkpoint } of flushing)
    await deps.checkpoints.move({ from: checkpoint, to: { ...checkpoint, sequence } });`,
    caughtBy: 'at: flush sent',
  },
  {
    name: 'tail trimmed too far',
    description: 'the tail forgets one envelope more than is stored',
    service: 'history',
    file: TAIL,
    find: 'trimSubject(subject, events, sequence);',
    replace: 'trimSubject(subject, events, sequence + 1);',
    caughtBy: 'crossed flush',
  },
  {
    name: 'documents before the tail',
    description: 'a query reads the stored documents before the tail, so a flush can happen in between',
    service: 'history',
    file: VIEW_READER,
    find: `  const recent = recentOf(view, model, subject);
  const documents = readStored();`,
    replace: `  const documents = readStored();
  await documents;
  const recent = recentOf(view, model, subject);`,
    caughtBy: 'crossed flush',
  },
  {
    name: 'older documents over newer ones',
    description: 'a late flush of a former owner overwrites newer documents',
    service: 'history',
    file: STORE,
    find: '$cond: [isOlder,',
    replace: '$cond: [true,',
    caughtBy: 'late: flush sent',
  },
];

/** In the cache. */
const inTheCache: readonly ChaosBug[] = [
  {
    name: 'a late load stored over a newer value',
    description: 'a value that was read before a delete or an event is kept although it came after it',
    service: 'cache',
    file: CACHE_ENTRIES,
    find: "    if (!this.isAllowed(key, entry)) return 'below';",
    replace: '',
    caughtBy: 'cache races',
  },
  {
    name: 'a delete without a floor',
    description: 'a delete removes what is there, and forgets what may be on its way',
    service: 'cache',
    file: CACHE,
    find: '    if (this.#floors.raise(scope, stamp)) this.#drop(scope);',
    replace: '    for (const type of this.#types.values()) type.clear();',
    caughtBy: 'cache races',
  },
];

/** In alerting. */
const inAlerting: readonly ChaosBug[] = [
  {
    name: 'fired again after a restart',
    description:
      'events of alerts have keys of the process that makes them, so that the next one makes them again',
    service: 'alerting',
    file: ALERT_EVENTS,
    find: 'observedAtMs: receivedAtMs,',
    replace: 'observedAtMs: receivedAtMs + (globalThis.process.pid % 1_000),',
    caughtBy: 'alerting crashes',
  },
  {
    name: 'resolved lost between state and send',
    description: 'a vehicle is stored before the log has what its state has told',
    service: 'alerting',
    file: PARTITION_WORKER,
    find: 'await outgoing.reached(Math.max(...encoded.map(({ includes }) => includes.sequence)), signal);',
    replace: '',
    caughtBy: 'alerting crashes',
  },
];

export const PLANTED_BUGS: readonly ChaosBug[] = [
  ...[...inIngest, ...inTheLog, ...inTheViews, ...inTheCache],
  ...inAlerting,
];

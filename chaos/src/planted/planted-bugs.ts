import type { PlantedBug } from './planted-bug.ts';

const LANE = 'packages/event-log/src/publisher-lane.ts';
const SUBSCRIBE = 'packages/event-log/src/subscribe.ts';
const APPEND = 'services/history/src/log/append.ts';
const WRITER = 'services/history/src/log/writer.ts';
const STREAM_CHECK = 'services/history/src/log/stream-check.ts';
const FLUSH = 'services/history/src/views/flush.ts';
const STORE = 'services/history/src/views/read-model-store.ts';
const TAIL = 'services/history/src/views/tail.ts';
const VIEW_READER = 'services/history/src/views/view-reader.ts';

/** Between ingest and the stream. */
const inIngest: readonly PlantedBug[] = [
  {
    name: 'acknowledged before it is stored',
    description: 'ingest acknowledges an envelope when it is sent, before JetStream has stored it',
    service: 'ingest',
    file: LANE,
    find: 'completeAt(partition, await this.#publish(bytes, messageId), envelope);',
    replace: `const storing = this.#publish(bytes, messageId);
        if (this.last) completeAt(partition, this.last + 1, envelope);
        this.last = await storing;
        completeAt(partition, this.last, envelope);`,
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
const inTheLog: readonly PlantedBug[] = [
  {
    name: 'watermark before the insert',
    description:
      'the writer does not wait for the insert: the watermark moves over events that are not in the log yet',
    service: 'history',
    file: WRITER,
    find: 'return appendEvents(',
    replace: `return ((collection, batch) => {
        appendEvents(collection, batch).catch(() => undefined);
        return Promise.resolve({ committed: batch, duplicates: 0, conflicts: 0 });
      })(`,
    caughtBy: 'at: insert sent',
  },
  {
    name: 'duplicates passed on',
    description: 'a report that was sent twice is broadcast twice to followers of the log',
    service: 'history',
    file: APPEND,
    find: '    counts.duplicates += 1;\n    return undefined;',
    replace: '    counts.duplicates += 1;\n    return event;',
    caughtBy: 'calm',
  },
  {
    name: 'conflicts taken for duplicates',
    description: 'a report with a known key is dropped although its content is different',
    service: 'history',
    file: APPEND,
    find: '  if (isSameReport(holder.event, event.event)) {',
    replace: '  if (holder) {',
    caughtBy: 'calm',
  },
  {
    name: 'own events taken for duplicates',
    description: 'events of an insert with a lost answer are not broadcast when the insert is repeated',
    service: 'history',
    file: APPEND,
    find: '    if (isSameReport(holder.event, event.event)) return holder;',
    replace: '    if (isSameReport(holder.event, event.event)) return undefined;',
    caughtBy: 'at: insert answered',
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
const inTheViews: readonly PlantedBug[] = [
  {
    name: 'broadcasts skipped',
    description: 'a follower of the log does not notice a missing broadcast',
    service: 'history',
    file: SUBSCRIBE,
    find: '    if (envelope.previousSequence > at) break;',
    replace: '',
    caughtBy: 'at: broadcast, replica',
  },
  {
    name: 'checkpoint before the flush',
    description: 'the checkpoint moves before the documents are stored',
    service: 'history',
    file: FLUSH,
    find: '  let slices = 0;',
    replace: `  let slices = 0;
  const early = { partition, sequence: through.sequence, parked: checkpoint.parked };
  await checkpoints.move(checkpoint, early);`,
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
    find: `    const snapshot = tail.snapshot(subject);
    const checkpoint = await readCheckpoint(tail.partition);
    const { slices: stored, through } = await loadStored();`,
    replace: `    const { slices: stored, through } = await loadStored();
    const checkpoint = await readCheckpoint(tail.partition);
    const snapshot = tail.snapshot(subject);`,
    caughtBy: 'crossed flush',
  },
  {
    name: 'older documents over newer ones',
    description: 'a late flush of a former owner overwrites newer documents',
    service: 'history',
    file: STORE,
    find: '$cond: [isOlder, next,',
    replace: '$cond: [true, next,',
    caughtBy: 'late: flush sent',
  },
];

export const PLANTED_BUGS: readonly PlantedBug[] = [...inIngest, ...inTheLog, ...inTheViews];

import type { Severity } from '@odograph/kernel/alert-event';
import type { EventPosition } from '@odograph/kernel/position';
import type { AlertEvent } from '@odograph/kernel/vehicle-event';
import type { Collection, Db, Filter } from 'mongodb';
import { type AlertPhase, type AlertRecord, isOpen, recordAfter } from '../domain/alert-record.ts';

interface AlertDocument {
  readonly _id: string;
  /** Partition, sequence and index of the last event that it includes. */
  readonly p: number;
  readonly s: number;
  readonly i: number;
  readonly record: AlertRecord;
  /** It goes on, and a silence keeps it from receivers. */
  readonly silenced?: true;
}

/** An event of an alert, and where the log has it. */
export interface LoggedAlertEvent {
  readonly id: string;
  readonly event: AlertEvent;
  readonly position: EventPosition;
}

/** Which alerts a list has. An empty list names all. */
export interface AlertFilter {
  readonly phases: readonly AlertPhase[];
  readonly rules: readonly string[];
  readonly vehicles: readonly string[];
  readonly fleets: readonly string[];
  readonly severities: readonly Severity[];
  /** Only those that began in this time, in Unix milliseconds; the end is exclusive. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly isAcknowledged?: boolean | undefined;
}

/** The last one of a page: alerts are listed by their beginning, the newest first. */
export interface AlertKey {
  readonly startedAtMs: number;
  readonly id: string;
}

/** The alerts, as the log tells them: a view that can be made again. */
export class AlertStore {
  readonly #alerts: Collection<AlertDocument>;

  constructor(db: Db) {
    this.#alerts = db.collection('alerting_alerts');
  }

  async createIndexes(): Promise<void> {
    await this.#alerts.createIndexes([
      { key: { 'record.startedAtMs': -1, _id: -1 } },
      { key: { 'record.phase': 1, 'record.startedAtMs': -1, _id: -1 } },
      { key: { 'record.vehicleId': 1, 'record.startedAtMs': -1, _id: -1 } },
      { key: { 'record.rule': 1, 'record.startedAtMs': -1, _id: -1 } },
      { key: { 'record.fleet': 1, 'record.startedAtMs': -1, _id: -1 } },
      { key: { p: 1 }, name: 'silenced', partialFilterExpression: { silenced: true } },
    ]);
  }

  /** The alerts after events, in their order; those that the stored ones include change nothing. */
  async fold(events: readonly LoggedAlertEvent[]): Promise<readonly FoldedEvent[]> {
    const ids = [...new Set(events.map(({ id }) => id))];
    const stored = await this.#alerts.find({ _id: { $in: ids } }).toArray();
    const known = new Map(stored.map((document) => [document._id, document]));
    return events.flatMap((each) => {
      const { id, event, position } = each;
      const before = known.get(id);
      const { partition: p, sequence: s, index: i } = position;
      const isNew = !before || s > before.s || (s === before.s && i > before.i);
      const record = isNew ? recordAfter(before?.record, event) : before.record;
      if (!record) return [];
      if (isNew) known.set(id, { _id: id, p, s, i, record });
      return [{ ...each, record, isNew }];
    });
  }

  /** @param silenced the ids of those that a silence keeps from receivers */
  async save(folded: readonly FoldedEvent[], silenced: ReadonlySet<string>): Promise<void> {
    const last = new Map(folded.filter(({ isNew }) => isNew).map((each) => [each.id, each]));
    if (last.size === 0) return;
    const writes = Array.from(last.values(), ({ id: _id, record, position }) => {
      const { partition: p, sequence: s, index: i } = position;
      const isSilenced = isOpen(record) && silenced.has(_id);
      const replacement = { p, s, i, record, ...(isSilenced && { silenced: true as const }) };
      return { replaceOne: { filter: { _id }, replacement, upsert: true } };
    });
    await this.#alerts.bulkWrite(writes, { ordered: false });
  }

  /** The alerts of a partition that go on and that a silence keeps from receivers. */
  async silenced(partition: number): Promise<readonly AlertRecord[]> {
    const found = await this.#alerts.find({ p: partition, silenced: true }).toArray();
    return found.map(({ record }) => record);
  }

  /** Receivers hear of these now. */
  async unsilence(ids: readonly string[]): Promise<void> {
    await this.#alerts.updateMany({ _id: { $in: [...ids] } }, { $unset: { silenced: '' } });
  }

  async get(id: string): Promise<AlertRecord | undefined> {
    return (await this.#alerts.findOne({ _id: id }))?.record;
  }

  /** The newest first, after the last one of the page before. */
  async list(filter: AlertFilter, limit: number, after?: AlertKey): Promise<readonly AlertRecord[]> {
    const conditions = [conditionOf(filter), ...(after ? [isAfter(after)] : [])];
    const found = this.#alerts
      .find({ $and: conditions })
      .sort({ 'record.startedAtMs': -1, _id: -1 })
      .limit(limit);
    return (await found.toArray()).map(({ record }) => record);
  }

  /** How many meet a filter, up to a number. */
  async count(filter: AlertFilter, limit: number): Promise<number> {
    return await this.#alerts.countDocuments(conditionOf(filter), { limit });
  }

  /** How many are in each phase, of those that are going on. */
  async countOpen(): Promise<ReadonlyMap<AlertPhase, number>> {
    const open = { 'record.phase': { $in: ['pending', 'firing', 'recovering'] } };
    const counts = await this.#alerts
      .aggregate<{ _id: AlertPhase; count: number }>([
        { $match: open },
        { $group: { _id: '$record.phase', count: { $sum: 1 } } },
      ])
      .toArray();
    return new Map(counts.map(({ _id, count }) => [_id, count]));
  }
}

/** An event, and the alert after it. */
export interface FoldedEvent extends LoggedAlertEvent {
  readonly record: AlertRecord;
  readonly isNew: boolean;
}

function conditionOf(filter: AlertFilter): Filter<AlertDocument> {
  const { phases, rules, vehicles, fleets, severities, fromMs, toMs, isAcknowledged } = filter;
  const oneOf = (field: string, names: readonly string[]) =>
    names.length === 0 ? {} : { [field]: { $in: [...names] } };
  const range = { ...(fromMs !== undefined && { $gte: fromMs }), ...(toMs !== undefined && { $lt: toMs }) };
  return {
    ...oneOf('record.phase', phases),
    ...oneOf('record.rule', rules),
    ...oneOf('record.vehicleId', vehicles),
    ...oneOf('record.fleet', fleets),
    ...oneOf('record.severity', severities),
    ...(Object.keys(range).length > 0 && { 'record.startedAtMs': range }),
    ...(isAcknowledged !== undefined && { 'record.acknowledged': { $exists: isAcknowledged } }),
  };
}

function isAfter({ startedAtMs, id }: AlertKey): Filter<AlertDocument> {
  return {
    $or: [
      { 'record.startedAtMs': { $lt: startedAtMs } },
      { 'record.startedAtMs': startedAtMs, _id: { $lt: id } },
    ],
  };
}

import { Binary } from 'mongodb';
import { renderBody } from './body.ts';
import type { Notice } from './notification.ts';
import { type MessageDocument, NEVER, type OutboxCollections } from './outbox-documents.ts';

/** A receiver that messages are formed for. */
export interface Group {
  readonly receiver: string;
  /** What would be due within this time goes with what is due now. */
  readonly groupWaitMs: number;
}

const MAX_NOTICES = 100;

/**
 * Forms a message of a receiver if a notice of it is due; true if there may be more to form. Each notice is assigned to one message
 * for good, so every process that completes a message makes it of the same notices.
 */
export async function formMessage(
  collections: OutboxCollections,
  { receiver, groupWaitMs }: Group,
  nowMs: number,
): Promise<boolean> {
  const { notices, messages } = collections;
  const waiting = { receiver, state: 'waiting' } as const;
  const due = await notices.findOne(
    { ...waiting, due_at: { $lte: new Date(nowMs) } },
    { projection: { _id: 1 } },
  );
  if (!due) return false;
  const group = await notices
    .find({ ...waiting, due_at: { $lte: new Date(nowMs + groupWaitMs) } }, { projection: { at: 1 } })
    .sort({ due_at: 1, at: 1, _id: 1 })
    .limit(MAX_NOTICES)
    .toArray();
  const keys = group.toSorted((a, b) => +a.at - +b.at || (a._id < b._id ? -1 : 1)).map(({ _id }) => _id);
  const [id] = keys;
  if (id === undefined) return false;
  // An upsert and not an insert: another process may have had the same idea.
  await messages.updateOne(
    { _id: id },
    { $setOnInsert: forming({ receiver, keys, next_at: new Date(nowMs) }) },
    { upsert: true },
  );
  return await completeMessage(collections, id);
}

function forming(part: Pick<MessageDocument, 'receiver' | 'keys' | 'next_at'>): Omit<MessageDocument, '_id'> {
  const lease = { owner: '', token: 0, until: NEVER };
  return { ...part, state: 'forming', notices: [], attempts: 0, lease };
}

/** Completes what a process that has ended left. */
export async function completeMessages(collections: OutboxCollections): Promise<void> {
  const forming = collections.messages.find({ state: 'forming' }, { projection: { _id: 1 } });
  for (const { _id } of await forming.toArray()) await completeMessage(collections, _id);
}

/** False if it was complete. */
async function completeMessage({ notices, messages }: OutboxCollections, id: string): Promise<boolean> {
  const message = await messages.findOne({ _id: id, state: 'forming' });
  if (!message) return false;
  const assigned = { $set: { state: 'sent', message: id } } as const;
  await notices.updateOne({ _id: id, state: 'waiting' }, assigned);
  const first = await notices.findOne({ _id: id }, { projection: { message: 1 } });
  if (first?.message !== id) {
    // It has its name from a notice that another message got: none was assigned to it, and none will be.
    await messages.deleteOne({ _id: id, state: 'forming' });
    return true;
  }
  await notices.updateMany({ _id: { $in: [...message.keys] }, state: 'waiting' }, assigned);
  const mine = await notices.find({ message: id }).sort({ at: 1, _id: 1 }).toArray();
  await messages.updateOne(
    { _id: id, state: 'forming' },
    {
      $set: formed(
        message,
        mine.map(({ notice }) => notice),
      ),
    },
  );
  return true;
}

function formed({ _id: id, receiver }: MessageDocument, notices: readonly Notice[]) {
  const body = new Binary(renderBody({ id, receiver, notices }));
  return { state: 'open', notices, body } as const;
}

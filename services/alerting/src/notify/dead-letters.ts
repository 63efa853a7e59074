import type { Filter } from 'mongodb';
import { releaseBlocked } from './followers.ts';
import type { Notice } from './notification.ts';
import type { MessageDocument, NoticeDocument, OutboxCollections } from './outbox-documents.ts';

/** Notices that were not delivered and will not be, unless they are replayed. */
export interface DeadLetter {
  /** Of the message; or the key of a notice that never got into one, because what it follows is dead. */
  readonly id: string;
  readonly receiver: string;
  readonly reason: string;
  readonly attempts: number;
  readonly settledAtMs: number;
  readonly notices: readonly Notice[];
}

export interface DeadLetterOptions {
  readonly receiver?: string | undefined;
  /** Those after this one, which is the last of the page before. */
  readonly after?: Pick<DeadLetter, 'settledAtMs' | 'id'> | undefined;
  /** Default: {@link MAX_LETTERS}. */
  readonly limit?: number | undefined;
}

/** Dead letters in a page, and those that are replayed together. */
export const MAX_LETTERS = 100;

/** The newest dead letters first; of one time, by id. */
export async function deadLetters(
  { notices, messages }: OutboxCollections,
  { receiver, after, limit = MAX_LETTERS }: DeadLetterOptions,
): Promise<readonly DeadLetter[]> {
  const which = {
    state: 'dead' as const,
    ...(receiver === undefined ? {} : { receiver }),
    ...(after === undefined ? {} : isAfter(after)),
  };
  const newest = { sort: { settled_at: -1, _id: 1 }, limit } as const;
  const dead = await messages.find(which satisfies Filter<MessageDocument>, newest).toArray();
  const alone = await notices.find({ ...which, message: { $exists: false } }, newest).toArray();
  return [...dead.map(ofMessage), ...alone.map(ofNotice)]
    .toSorted((a, b) => b.settledAtMs - a.settledAtMs || (a.id < b.id ? -1 : 1))
    .slice(0, limit);
}

function isAfter({ settledAtMs, id }: Pick<DeadLetter, 'settledAtMs' | 'id'>) {
  const settledAt = new Date(settledAtMs);
  return { $or: [{ settled_at: { $lt: settledAt } }, { settled_at: settledAt, _id: { $gt: id } }] };
}

const deathOf = ({ reason = '', settled_at }: Pick<MessageDocument, 'reason' | 'settled_at'>) => {
  return { reason, settledAtMs: settled_at?.getTime() ?? 0 };
};

function ofMessage(message: MessageDocument): DeadLetter {
  const { _id: id, receiver, attempts, notices } = message;
  return { id, receiver, attempts, notices, ...deathOf(message) };
}

function ofNotice(document: NoticeDocument): DeadLetter {
  const { _id: id, receiver, notice } = document;
  return { id, receiver, attempts: 0, notices: [notice], ...deathOf(document) };
}

/**
 * Sends dead letters again, from the first attempt, and what follows them after them. It enables their receivers.
 * @returns those of the ids that are dead letters
 */
export async function replayDeadLetters(
  collections: OutboxCollections,
  ids: readonly string[],
  nowMs: number,
): Promise<readonly string[]> {
  const replayed: string[] = [];
  for (const id of new Set(ids)) {
    const message = await collections.messages.findOne({ _id: id, state: 'dead' });
    const isReplayed = message
      ? await replayMessage(collections, message, nowMs)
      : await replayNotice(collections, id, nowMs);
    if (isReplayed) replayed.push(id);
  }
  return replayed;
}

const AGAIN = { $unset: { reason: '', settled_at: '', is_settled: '', expires_at: '' } } as const;

/** Its followers before the message itself: as soon as it is open, it may be delivered. */
async function replayMessage(
  { notices, messages, disabled }: OutboxCollections,
  { _id, receiver, notices: its }: MessageDocument,
  nowMs: number,
): Promise<boolean> {
  await disabled.deleteOne({ _id: receiver });
  await notices.updateMany({ message: _id }, { $set: { state: 'sent' }, ...AGAIN });
  await blockFollowers(
    notices,
    its.map(({ key }) => key),
  );
  const open = { state: 'open', attempts: 0, next_at: new Date(nowMs) } as const;
  const { matchedCount } = await messages.updateOne({ _id, state: 'dead' }, { $set: open, ...AGAIN });
  return matchedCount === 1;
}

async function blockFollowers(
  notices: OutboxCollections['notices'],
  followed: readonly string[],
): Promise<void> {
  const dead = { follows: { $in: [...followed] }, state: 'dead', message: { $exists: false } } as const;
  const followers = await notices.find(dead, { projection: { _id: 1 } }).toArray();
  if (followers.length === 0) return;
  const keys = followers.map(({ _id }) => _id);
  await notices.updateMany({ _id: { $in: keys }, state: 'dead' }, { $set: { state: 'blocked' }, ...AGAIN });
  await blockFollowers(notices, keys);
}

/** If the outbox does not have what it follows, it is sent anyway: a person has decided so. */
async function replayNotice(
  { notices, disabled }: OutboxCollections,
  id: string,
  nowMs: number,
): Promise<boolean> {
  const notice = await notices.findOne({ _id: id, state: 'dead', message: { $exists: false } });
  if (!notice) return false;
  await disabled.deleteOne({ _id: notice.receiver });
  const isOrphan = (await notices.countDocuments({ _id: notice.follows ?? '' })) === 0;
  const state = isOrphan ? 'waiting' : 'blocked';
  await notices.updateOne({ _id: id, state: 'dead' }, { $set: { state }, ...AGAIN });
  await blockFollowers(notices, [id]);
  await releaseBlocked(notices, { _id: id }, nowMs);
  return true;
}

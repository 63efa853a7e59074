import type { Filter } from 'mongodb';
import type { NoticeState } from './notification.ts';
import { expiry, expiryUnfollowed, type NoticeDocument, type OutboxCollections } from './outbox-documents.ts';

type Notices = OutboxCollections['notices'];

/** A blocked notice, and the state of what it follows; undefined if that is not there. */
interface Follower {
  readonly _id: string;
  readonly follows: string;
  readonly followed: NoticeState | undefined;
}

/** What a blocked notice becomes. */
type Released = Extract<NoticeState, 'waiting' | 'dead' | 'suppressed'>;

const PAGE = 1_000;

/**
 * Moves blocked notices on if what they follow is delivered, and ends them if it never will be: no receiver gets a resolved without
 * its firing. It is repeated at intervals for all, so that a crash between two states is repaired.
 */
export async function releaseBlocked(
  notices: Notices,
  which: Filter<NoticeDocument>,
  nowMs: number,
): Promise<void> {
  let filter = which;
  for (;;) {
    const followers = await readyFollowers(notices, filter);
    if (followers.length === 0) return;
    await moveOn(notices, followers, nowMs);
    // Only those that end have followers of their own to end.
    if (followers.length < PAGE) filter = { follows: { $in: followers.map(({ _id }) => _id) } };
  }
}

/** Ends those that follow what the outbox does not have: it was removed long ago, or never added. */
export async function endOrphans(notices: Notices, keys: readonly string[], nowMs: number): Promise<void> {
  const orphans = await followersOf(notices, { _id: { $in: [...keys] } }, { followed: { $size: 0 } });
  for (const { _id, follows } of orphans)
    await notices.updateOne(
      { _id, state: 'blocked' },
      ended('dead', `it follows ${follows}, which is not known`, nowMs),
    );
  if (orphans.length > 0)
    await releaseBlocked(notices, { follows: { $in: orphans.map(({ _id }) => _id) } }, nowMs);
}

function readyFollowers(notices: Notices, filter: Filter<NoticeDocument>): Promise<Follower[]> {
  return followersOf(notices, filter, { 'followed.state': { $in: ['delivered', 'dead', 'suppressed'] } });
}

async function followersOf(
  notices: Notices,
  filter: Filter<NoticeDocument>,
  ready: object,
): Promise<Follower[]> {
  const found = notices.aggregate<{ _id: string; follows: string; followed: { state: NoticeState }[] }>([
    { $match: { $and: [{ state: 'blocked' }, filter] } },
    { $lookup: { from: notices.collectionName, localField: 'follows', foreignField: '_id', as: 'followed' } },
    { $match: ready },
    { $limit: PAGE },
    { $project: { follows: 1, 'followed.state': 1 } },
  ]);
  return (await found.toArray()).map(({ followed, ...follower }) => ({
    ...follower,
    followed: followed[0]?.state,
  }));
}

async function moveOn(notices: Notices, followers: readonly Follower[], nowMs: number): Promise<void> {
  const updates: Readonly<Record<Released, object>> = {
    waiting: { $set: { state: 'waiting' } },
    dead: ended('dead', 'what it follows is a dead letter', nowMs),
    suppressed: ended('suppressed', 'what it follows is suppressed', nowMs),
  };
  for (const state of ['waiting', 'dead', 'suppressed'] as const) {
    const keys = followers.filter(({ followed }) => releasedBy(followed) === state).map(({ _id }) => _id);
    if (keys.length > 0) await notices.updateMany({ _id: { $in: keys }, state: 'blocked' }, updates[state]);
  }
}

function releasedBy(followed: NoticeState | undefined): Released {
  if (followed === 'delivered') return 'waiting';
  return followed === 'suppressed' ? 'suppressed' : 'dead';
}

/** The update that ends a notice which is not sent. */
function ended(state: 'dead' | 'suppressed', reason: string, nowMs: number) {
  const settled = { settled_at: new Date(nowMs), expires_at: expiryUnfollowed(nowMs) };
  return { $set: { state, reason, ...settled } };
}

/** Lets notices expire that need not be found by what follows them any more: the last of an alert, and what they follow. */
export async function letExpire(
  notices: Notices,
  settled: readonly { readonly key: string; readonly kind: string; readonly follows?: string | undefined }[],
  nowMs: number,
): Promise<void> {
  const last = settled.filter(({ kind }) => kind === 'resolved').map(({ key }) => key);
  const followed = settled.flatMap(({ follows }) => (follows === undefined ? [] : [follows]));
  await notices.updateMany(
    { _id: { $in: [...last, ...followed] }, state: { $in: ['delivered', 'suppressed'] } },
    { $set: { expires_at: expiry(nowMs) } },
  );
}

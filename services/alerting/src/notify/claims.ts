import { letExpire, releaseBlocked } from './followers.ts';
import type { FormedMessage } from './notification.ts';
import {
  expiry,
  expiryUnfollowed,
  type MessageDocument,
  type OutboxCollections,
} from './outbox-documents.ts';

/** A message that its owner may send while its lease holds. Outcomes are written under its token only. */
export interface Claim {
  readonly message: FormedMessage;
  /** Attempts before this one that have an outcome. */
  readonly attempts: number;
  readonly token: number;
}

/** What an attempt makes of its message. */
export type Result =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string };

export interface ClaimOptions {
  readonly owner: string;
  readonly leaseMs: number;
  /** Messages that this process is sending: it may have slept longer than their leases. */
  readonly except?: readonly string[];
}

/** MongoDB's own time decides who holds a lease, so the clocks of the processes do not matter. */
const untilAfter = (ttlMs: number) => ({
  $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: ttlMs },
});
const hasExpired = { $lte: ['$lease.until', '$$NOW'] };
/** It was issued before MongoDB's clock was set back: no lease is that long. */
const isBeyond = { $gt: ['$lease.until', untilAfter(3_600_000)] };

/** Claims the message of a receiver that has waited longest, if one is due. */
export async function claimMessage(
  { messages }: OutboxCollections,
  receiver: string,
  { owner, leaseMs, except = [] }: ClaimOptions,
  nowMs: number,
): Promise<Claim | undefined> {
  const isFree = { $or: [hasExpired, isBeyond] };
  const claimed = await messages.findOneAndUpdate(
    {
      ...{ _id: { $nin: [...except] }, receiver, state: 'open' },
      ...{ next_at: { $lte: new Date(nowMs) }, $expr: isFree },
    },
    [{ $set: { lease: { owner, token: { $add: ['$lease.token', 1] }, until: untilAfter(leaseMs) } } }],
    { sort: { next_at: 1, _id: 1 }, returnDocument: 'after' },
  );
  return claimed ? claimOf(claimed) : undefined;
}

function claimOf({ _id: id, receiver, notices, body, attempts, lease }: MessageDocument): Claim {
  return {
    message: { id, receiver, notices, body: body?.buffer ?? new Uint8Array() },
    attempts,
    token: lease.token,
  };
}

const heldBy = ({ message, token }: Claim) =>
  ({ _id: message.id, state: 'open', 'lease.token': token }) as const;

/** Ends a claim without an outcome, so that another process need not wait for the lease. */
export async function releaseClaim({ messages }: OutboxCollections, claim: Claim): Promise<void> {
  await messages.updateOne(heldBy(claim), [{ $set: { 'lease.until': '$$NOW' } }]);
}

/** Writes what became of an attempt, and what follows for the notices. False if another process has claimed the message since. */
export async function recordResult(
  collections: OutboxCollections,
  claim: Claim,
  result: Result,
  nowMs: number,
): Promise<boolean> {
  const { matchedCount } = await collections.messages.updateOne(heldBy(claim), [
    { $set: { ...changeOf(result, nowMs), attempts: { $add: ['$attempts', 1] }, 'lease.until': '$$NOW' } },
  ]);
  if (matchedCount === 0) return false;
  if (result.kind !== 'again') await settle(collections, claim.message.id, nowMs);
  return true;
}

function changeOf(result: Result, nowMs: number) {
  // A pipeline would take a text that starts with a dollar sign for the name of a field.
  const reason = { reason: 'reason' in result ? { $literal: result.reason } : '$$REMOVE' };
  if (result.kind === 'again') return { ...reason, next_at: new Date(result.atMs) };
  const expiresAt = result.kind === 'delivered' ? expiry(nowMs) : expiryUnfollowed(nowMs);
  const settled = { is_settled: false, settled_at: new Date(nowMs), expires_at: expiresAt };
  return { ...reason, ...settled, state: result.kind };
}

/** Settles what a process that has ended left. */
export async function settleMessages(collections: OutboxCollections, nowMs: number): Promise<void> {
  const unsettled = collections.messages.find({ is_settled: false }, { projection: { _id: 1 } });
  for (const { _id } of await unsettled.toArray()) await settle(collections, _id, nowMs);
}

/** Gives the notices of a message its final state, and moves on what follows them. It can be repeated. */
async function settle({ notices, messages }: OutboxCollections, id: string, nowMs: number): Promise<void> {
  const message = await messages.findOne({ _id: id, is_settled: false });
  if (!message) return;
  const { state } = message;
  const [settledAt, isDelivered] = [new Date(nowMs), state === 'delivered'];
  await notices.updateMany(
    { message: id },
    {
      $set: {
        ...{ state: isDelivered ? 'delivered' : 'dead', settled_at: settledAt },
        expires_at: expiryUnfollowed(nowMs),
      },
    },
  );
  await releaseBlocked(notices, { follows: { $in: message.notices.map(({ key }) => key) } }, nowMs);
  if (isDelivered) await letExpire(notices, message.notices, nowMs);
  await messages.updateOne({ _id: id, state }, { $set: { is_settled: true } });
}

import type { Binary, Collection, Db, IndexDescription } from 'mongodb';
import type { Notice, NoticeState } from './notification.ts';

/** A notice in MongoDB; its id is its key. */
export interface NoticeDocument {
  readonly _id: string;
  readonly receiver: string;
  readonly alert_id: string;
  readonly state: NoticeState;
  readonly at: Date;
  readonly due_at: Date;
  readonly follows?: string;
  /** The message that it is in. */
  readonly message?: string;
  readonly reason?: string;
  readonly settled_at?: Date;
  /** When it is removed. */
  readonly expires_at?: Date;
  readonly notice: Notice;
}

/**
 * A message is `forming` until its notices are assigned, then `open` until an attempt delivers it or it is `dead`.
 * What happens to its notices follows from that: it is done when the message is settled, and repeated after a crash.
 */
type MessageState = 'forming' | 'open' | 'delivered' | 'dead';

export interface MessageDocument {
  readonly _id: string;
  readonly receiver: string;
  readonly state: MessageState;
  /** Those that it was meant to have. Another message may have been faster. */
  readonly keys: readonly string[];
  readonly notices: readonly Notice[];
  readonly body?: Binary;
  /** Attempts that have an outcome. */
  readonly attempts: number;
  readonly next_at: Date;
  /** Who sends it, a number that each claim raises, and until when. */
  readonly lease: { readonly owner: string; readonly token: number; readonly until: Date };
  readonly reason?: string;
  /** Whether its notices have the state that follows from its own. Only with a final state. */
  readonly is_settled?: boolean;
  readonly settled_at?: Date;
  readonly expires_at?: Date;
}

/** A receiver that wants nothing more, as long as its configuration has this fingerprint. Its id is its name. */
export interface DisabledReceiver {
  readonly _id: string;
  readonly fingerprint: string;
  readonly reason: string;
  readonly at: Date;
}

export interface OutboxCollections {
  readonly notices: Collection<NoticeDocument>;
  readonly messages: Collection<MessageDocument>;
  readonly disabled: Collection<DisabledReceiver>;
}

const EXPIRY: IndexDescription = { key: { expires_at: 1 }, expireAfterSeconds: 0 };

const NOTICE_INDEXES: IndexDescription[] = [
  { key: { receiver: 1, state: 1, due_at: 1 } },
  { key: { alert_id: 1, at: 1 } },
  { key: { follows: 1 }, partialFilterExpression: { follows: { $exists: true } } },
  { key: { message: 1 }, partialFilterExpression: { message: { $exists: true } } },
  { key: { state: 1, settled_at: -1 } },
  EXPIRY,
];

const MESSAGE_INDEXES: IndexDescription[] = [
  { key: { receiver: 1, state: 1, next_at: 1 } },
  { key: { state: 1, settled_at: -1 } },
  { key: { is_settled: 1 }, partialFilterExpression: { is_settled: false } },
  EXPIRY,
];

/** The collections of the outbox, with their indexes. */
export async function openCollections(db: Db): Promise<OutboxCollections> {
  const collections: OutboxCollections = {
    notices: db.collection('alerting_notices', { ignoreUndefined: true }),
    messages: db.collection('alerting_messages', { ignoreUndefined: true }),
    disabled: db.collection('alerting_disabled_receivers', { ignoreUndefined: true }),
  };
  await collections.notices.createIndexes(NOTICE_INDEXES);
  await collections.messages.createIndexes(MESSAGE_INDEXES);
  return collections;
}

export const NEVER = new Date(0);

const DAY_MS = 24 * 3_600_000;
const KEPT_MS = 30 * DAY_MS;
/** A firing is kept until 30 days after what follows it, so that a resolved finds it. If nothing follows: */
const KEPT_UNFOLLOWED_MS = 366 * DAY_MS;

/** When something that is final now is removed; dead letters, and what may be followed, later. */
export const expiry = (nowMs: number) => new Date(nowMs + KEPT_MS);
export const expiryUnfollowed = (nowMs: number) => new Date(nowMs + KEPT_UNFOLLOWED_MS);

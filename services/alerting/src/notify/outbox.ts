import type { Clock } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { type Db, MongoBulkWriteError, type OptionalUnlessRequiredId } from 'mongodb';
import {
  type Claim,
  type ClaimOptions,
  claimMessage,
  type Result,
  recordResult,
  releaseClaim,
  settleMessages,
} from './claims.ts';
import { type DeadLetter, type DeadLetterOptions, deadLetters, replayDeadLetters } from './dead-letters.ts';
import { endOrphans, releaseBlocked } from './followers.ts';
import { completeMessages, formMessage, type Group } from './form.ts';
import type { Notice, NoticeState, TrackedNotice } from './notification.ts';
import {
  expiry,
  expiryUnfollowed,
  type NoticeDocument,
  type OutboxCollections,
  openCollections,
} from './outbox-documents.ts';

/** What waits, and what became of the rest, of one receiver. Delivered notices are counted for as long as they are kept. */
export interface ReceiverCounts {
  readonly receiver: string;
  /** Notices that are in no message yet. */
  readonly waiting: number;
  /** Notices in a message that has no final state. */
  readonly sending: number;
  /** Messages that failed and will be tried again. */
  readonly retrying: number;
  readonly dead: number;
  readonly delivered: number;
  readonly suppressed: number;
}

/** A full stop would separate the parts of what a webhook signs, and the key is a header of it. */
const KEY = /^[A-Za-z0-9_:/=+-]{1,200}$/;
const DUPLICATE_KEY = 11_000;

/** Notices on their way to receivers, in MongoDB. Every method can be repeated after a crash. */
export class Outbox {
  readonly #collections: OutboxCollections;
  readonly #clock: Clock;

  private constructor(collections: OutboxCollections, clock: Clock) {
    this.#collections = collections;
    this.#clock = clock;
  }

  /** Opens the outbox of a database, and creates what it lacks. */
  static async open(db: Db, clock: Clock): Promise<Outbox> {
    return new Outbox(await openCollections(db), clock);
  }

  /**
   * Adds notices that are to be sent; one whose key is known changes nothing. What a notice follows is in here or was added before.
   * @throws Fault INVALID_INPUT for a key that cannot be a header
   */
  async add(notices: readonly Notice[]): Promise<void> {
    const { notices: collection } = this.#collections;
    const followers = notices.filter(({ follows }) => follows !== undefined).map(({ key }) => key);
    await this.#insert(
      notices.map((notice) => documentOf(notice, notice.follows === undefined ? 'waiting' : 'blocked')),
    );
    if (followers.length === 0) return;
    await endOrphans(collection, followers, this.#now());
    await releaseBlocked(collection, { _id: { $in: followers } }, this.#now());
  }

  /** Adds notices that are shown and never sent, and neither is what follows them. */
  async addSuppressed(notices: readonly Notice[], reason: string): Promise<void> {
    const nowMs = this.#now();
    await this.#insert(
      notices.map((notice) => {
        const expires_at = notice.kind === 'resolved' ? expiry(nowMs) : expiryUnfollowed(nowMs);
        return { ...documentOf(notice, 'suppressed'), reason, settled_at: new Date(nowMs), expires_at };
      }),
    );
  }

  async #insert(documents: readonly NoticeDocument[]): Promise<void> {
    for (const { _id } of documents)
      if (!KEY.test(_id))
        throw new Fault(
          'INVALID_INPUT',
          `the key of a notice is ${JSON.stringify(_id)}: it must have 1 to 200 of A-Z a-z 0-9 _ : / = + -`,
        );
    if (documents.length === 0) return;
    try {
      await this.#collections.notices.insertMany(documents as OptionalUnlessRequiredId<NoticeDocument>[], {
        ordered: false,
      });
    } catch (error) {
      if (!isOnlyDuplicates(error)) throw error;
    }
  }

  /** Forms all messages of a receiver that are due. */
  async form(group: Group): Promise<void> {
    while (await formMessage(this.#collections, group, this.#now()));
  }

  /** Continues what processes left that ended in the middle. */
  async repair(): Promise<void> {
    await completeMessages(this.#collections);
    await settleMessages(this.#collections, this.#now());
  }

  /** Looks at all that is blocked, in case a process ended before it could move it on. */
  async sweep(): Promise<void> {
    await releaseBlocked(this.#collections.notices, {}, this.#now());
  }

  claim(receiver: string, options: ClaimOptions): Promise<Claim | undefined> {
    return claimMessage(this.#collections, receiver, options, this.#now());
  }

  /** False if another process has claimed the message since: then it writes the outcome. */
  record(claim: Claim, result: Result): Promise<boolean> {
    return recordResult(this.#collections, claim, result, this.#now());
  }

  release(claim: Claim): Promise<void> {
    return releaseClaim(this.#collections, claim);
  }

  /** When the next message after now may be formed or sent, in Unix milliseconds; undefined if there is none. */
  async nextAtMs(receivers: readonly string[], nowMs: number): Promise<number | undefined> {
    const { notices, messages } = this.#collections;
    const [receiver, later] = [{ $in: [...receivers] }, { $gt: new Date(nowMs) }];
    const notice = await notices.findOne(
      { receiver, state: 'waiting', due_at: later },
      { sort: { due_at: 1 } },
    );
    const message = await messages.findOne(
      { receiver, state: 'open', next_at: later },
      { sort: { next_at: 1 } },
    );
    const times = [notice?.due_at, message?.next_at].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times.map(Number));
  }

  /** Disables a receiver until its configuration has another fingerprint, or one of its dead letters is replayed. */
  async disable(receiver: string, fingerprint: string, reason: string): Promise<void> {
    const at = new Date(this.#now());
    await this.#collections.disabled.replaceOne(
      { _id: receiver },
      { fingerprint, reason, at },
      { upsert: true },
    );
  }

  /** Why a receiver with this configuration is disabled; undefined if it is not. */
  async whyDisabled(receiver: string, fingerprint: string): Promise<string | undefined> {
    return (await this.#collections.disabled.findOne({ _id: receiver, fingerprint }))?.reason;
  }

  /** What did not reach its receiver and is not tried any more, the newest first. */
  deadLetters(options: DeadLetterOptions = {}): Promise<readonly DeadLetter[]> {
    return deadLetters(this.#collections, options);
  }

  /** Sends dead letters again, and what follows them. Returns those of the ids that are dead letters. */
  replay(ids: readonly string[]): Promise<readonly string[]> {
    return replayDeadLetters(this.#collections, ids, this.#now());
  }

  /** The notices of an alert, the oldest first. */
  ofAlert(alertId: string): Promise<readonly TrackedNotice[]> {
    return this.ofAlerts([alertId]);
  }

  /** The notices of alerts, the oldest first. */
  async ofAlerts(alertIds: readonly string[]): Promise<readonly TrackedNotice[]> {
    const { notices, messages } = this.#collections;
    const found = await notices
      .find({ alert_id: { $in: [...alertIds] } })
      .sort({ at: 1, _id: 1 })
      .toArray();
    const ids = [...new Set(found.flatMap(({ message }) => message ?? []))];
    const projection = { attempts: 1, reason: 1 };
    const theirs = await messages.find({ _id: { $in: ids } }, { projection }).toArray();
    const byId = new Map(theirs.map((message) => [message._id, message]));
    return found.map((document) => {
      const message = byId.get(document.message ?? '');
      return {
        ...{ notice: document.notice, state: document.state, messageId: document.message },
        ...{ reason: document.reason ?? message?.reason, attempts: message?.attempts ?? 0 },
        settledAtMs: document.settled_at?.getTime(),
      };
    });
  }

  async counts(): Promise<readonly ReceiverCounts[]> {
    const { notices, messages } = this.#collections;
    const byState = notices.aggregate<{ _id: { receiver: string; state: NoticeState }; count: number }>([
      { $group: { _id: { receiver: '$receiver', state: '$state' }, count: { $sum: 1 } } },
    ]);
    const inRetry = messages.aggregate<{ _id: string; count: number }>([
      { $match: { state: 'open', attempts: { $gt: 0 } } },
      { $group: { _id: '$receiver', count: { $sum: 1 } } },
    ]);
    return countsOf(await byState.toArray(), await inRetry.toArray());
  }

  #now(): number {
    return this.#clock.now();
  }
}

function documentOf(notice: Notice, state: NoticeState): NoticeDocument {
  const { key, receiver, alert, follows, atMs, dueAtMs } = notice;
  return {
    ...{ _id: key, receiver, alert_id: alert.id, state, notice },
    ...{ at: new Date(atMs), due_at: new Date(dueAtMs) },
    ...(follows === undefined ? {} : { follows }),
  };
}

function isOnlyDuplicates(error: unknown): boolean {
  if (!(error instanceof MongoBulkWriteError)) return false;
  return (
    [error.writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY) && error.code === DUPLICATE_KEY
  );
}

function countsOf(
  byState: readonly { readonly _id: { receiver: string; state: NoticeState }; readonly count: number }[],
  inRetry: readonly { readonly _id: string; readonly count: number }[],
): readonly ReceiverCounts[] {
  const receivers = [...new Set(byState.map(({ _id }) => _id.receiver))].toSorted();
  return receivers.map((receiver) => {
    const of = (...states: readonly NoticeState[]) =>
      byState
        .filter(({ _id }) => _id.receiver === receiver && states.includes(_id.state))
        .reduce((sum, { count }) => sum + count, 0);
    return {
      ...{ receiver, waiting: of('blocked', 'waiting'), sending: of('sent') },
      retrying: inRetry.find(({ _id }) => _id === receiver)?.count ?? 0,
      ...{ dead: of('dead'), delivered: of('delivered'), suppressed: of('suppressed') },
    };
  });
}

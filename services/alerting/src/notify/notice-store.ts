import { createHash } from 'node:crypto';
import type { Notice } from '../domain/notices.ts';
import type * as notification from './notification.ts';
import type { Outbox } from './outbox.ts';

/** The notices that the log makes, in the outbox. Their keys there can be sent in a header. */
export class OutboxNotices {
  readonly #outbox: Pick<Outbox, 'ofAlerts' | 'add' | 'addSuppressed'>;
  readonly #onAdded: () => void;

  constructor(outbox: Pick<Outbox, 'ofAlerts' | 'add' | 'addSuppressed'>, onAdded: () => void) {
    this.#outbox = outbox;
    this.#onAdded = onAdded;
  }

  async ofAlerts(ids: readonly string[]): Promise<readonly Notice[]> {
    const tracked = await this.#outbox.ofAlerts(ids);
    return tracked.map(({ notice, state, reason }) => ({
      ...notice,
      alert: {
        ...notice.alert,
        fleet: notice.alert.fleet ?? '',
        formerSeverities: notice.alert.formerSeverities ?? [],
        values: notice.alert.values ?? {},
      },
      suppressedBecause: state === 'suppressed' ? (reason ?? 'suppressed') : undefined,
    }));
  }

  async add(notices: readonly Notice[]): Promise<void> {
    // What follows a suppressed one is suppressed too, so the others do not wait for them.
    const byReason = Map.groupBy(notices, ({ suppressedBecause }) => suppressedBecause);
    for (const [reason, those] of byReason) {
      const own = those.map(({ suppressedBecause: _, ...notice }) => ({ ...notice, ...keysOf(notice) }));
      if (reason === undefined) await this.#outbox.add(own);
      else await this.#outbox.addSuppressed(own, reason);
    }
    this.#onAdded();
  }
}

/** What is read again has keys of the outbox already. */
function keysOf({
  key,
  follows,
}: Pick<Notice, 'key' | 'follows'>): Pick<notification.Notice, 'key' | 'follows'> {
  return { key: keyOf(key), follows: follows === undefined ? undefined : keyOf(follows) };
}

const KEY_OF_OUTBOX = /^n_[A-Za-z0-9_-]{32}$/;

function keyOf(text: string): string {
  if (KEY_OF_OUTBOX.test(text)) return text;
  return `n_${createHash('sha256').update(text).digest('base64url').slice(0, 32)}`;
}

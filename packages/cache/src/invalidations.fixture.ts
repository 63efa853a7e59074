import { Fault } from '@odograph/kernel/fault';
import type { Scope } from './floors.ts';
import type { InvalidationListener, Invalidations } from './invalidations.ts';
import { INVALIDATIONS, type Stamp } from './version.ts';

/** As for NATS. */
const MAX_MESSAGE = 1024 ** 2;

/** A list of invalidations in memory, which tests hold up and cut. */
export class TestBus {
  readonly #messages: (readonly Scope[])[] = [];
  readonly #members: Member[] = [];
  /** Whether messages can be published. */
  isUp = true;
  /** How many it takes before it is away. */
  takes = Number.POSITIVE_INFINITY;
  /** Whether they are delivered at once. If not, see {@link deliver}. */
  isPrompt = true;

  /** @param seen up to where an earlier process has applied them, in whose place this one comes */
  join(listener: InvalidationListener, at = this.#members.length, seen = 0): Invalidations {
    const member: Member = { listener, seen, isCut: this.#members[at]?.isCut ?? false };
    this.#members[at] = member;
    return {
      seen: () => stampOf(member.seen),
      isLive: () => this.isUp && !member.isCut,
      raise: async (scopes) => {
        await Promise.resolve();
        if (!this.isUp || member.isCut || this.takes === 0) throw new Fault('UNAVAILABLE', 'the bus is away');
        if (JSON.stringify(scopes).length > MAX_MESSAGE)
          throw new Fault('UNAVAILABLE', 'the message is too large');
        this.takes -= 1;
        this.#messages.push(scopes);
        if (this.isPrompt) this.deliver();
        return stampOf(this.#messages.length);
      },
    };
  }

  /** Delivers what is there to all that are not cut off. */
  deliver(): void {
    for (const member of this.#members) {
      while (!member.isCut && member.seen < this.#messages.length) {
        const scopes = this.#messages[member.seen] ?? [];
        member.seen += 1;
        member.listener.onRaised(scopes, stampOf(member.seen));
      }
    }
  }

  /** Cuts a member off, or connects it again. */
  cut(at: number, isCut: boolean): void {
    const member = this.#members[at];
    if (member) member.isCut = isCut;
    this.deliver();
  }
}

interface Member {
  readonly listener: InvalidationListener;
  seen: number;
  isCut: boolean;
}

const stampOf = (sequence: number): Stamp => ({ domain: INVALIDATIONS, epoch: 1, sequence });

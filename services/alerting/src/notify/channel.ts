import type { Clock } from '@odograph/kernel/clock';
import type { Random } from '@odograph/kernel/random';
import { visible } from '@odograph/kernel/visible';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import { Breaker } from './breaker.ts';
import type { Claim, ClaimOptions, Result } from './claims.ts';
import type { FormedMessage } from './notification.ts';
import type { Outbox } from './outbox.ts';
import { type Outcome, type Receiver, retry } from './receivers/receiver.ts';
import { nextAttempt } from './schedule.ts';

/** A receiver as the dispatcher uses it. */
export interface ChannelSettings {
  readonly name: string;
  readonly receiver: Receiver;
  /** How long what is due waits for more. */
  readonly groupWaitMs: number;
  /** Of the configuration: a receiver that is disabled is enabled again when this changes. */
  readonly fingerprint: string;
}

interface ChannelDeps {
  readonly outbox: Outbox;
  readonly claims: ClaimOptions;
  readonly clock: Clock;
  readonly random: Pick<Random, 'next'>;
  readonly logger: Logger;
  /** Learns when an outcome cannot be written. */
  readonly onTrouble: Pick<Trouble, 'failed'>;
}

const MAX_IN_FLIGHT = 4;
const ATTEMPT_MS = 20_000;
const MAX_REASON_CHARACTERS = 500;

/** The way to one receiver: its messages in flight, and how it has answered. */
export class Channel {
  readonly #settings: ChannelSettings;
  readonly #deps: ChannelDeps;
  readonly #breaker = new Breaker(MAX_IN_FLIGHT);
  readonly #trouble: Trouble;
  /** By the id of the message. */
  readonly #sending = new Map<string, Promise<void>>();

  constructor(settings: ChannelSettings, deps: ChannelDeps) {
    this.#settings = settings;
    this.#deps = deps;
    const { logger, clock } = deps;
    const fields = { receiver: settings.name };
    this.#trouble = new Trouble({ logger, clock, fields, message: 'a receiver does not take a message' });
  }

  get name(): string {
    return this.#settings.name;
  }

  get inFlight(): number {
    return this.#sending.size;
  }

  get probeAtMs(): number | undefined {
    return this.#breaker.probeAtMs;
  }

  async form(): Promise<void> {
    const { name: receiver, groupWaitMs } = this.#settings;
    await this.#deps.outbox.form({ receiver, groupWaitMs });
  }

  /** Claims a message if the receiver may get one, and begins to send it. False if there is none, or it may not. */
  async sendNext(end: AbortSignal, onEnd: () => void): Promise<boolean> {
    const { outbox, claims, clock, onTrouble } = this.#deps;
    if (this.#breaker.room(this.inFlight, clock.now()) === 0) return false;
    const claim = await outbox.claim(this.name, { ...claims, except: [...this.#sending.keys()] });
    if (!claim) return false;
    const { id } = claim.message;
    const sending = this.#send(claim, end)
      // The lease of the message ends, and then it is sent again, with the same id.
      .catch((error) => void onTrouble.failed(error))
      .finally(() => {
        this.#sending.delete(id);
        onEnd();
      });
    this.#sending.set(id, sending);
    return true;
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    await Promise.all(this.#sending.values());
  }

  async #send(claim: Claim, end: AbortSignal): Promise<void> {
    const { outbox, clock } = this.#deps;
    const { fingerprint, name } = this.#settings;
    const why = await outbox.whyDisabled(name, fingerprint);
    if (why !== undefined) {
      await outbox.record(claim, { kind: 'dead', reason: `the receiver is disabled: ${why}` });
      return;
    }
    const outcome = await this.#attempt(claim.message, end);
    // Whether it arrived is not known: the next process sends it again, and this does not count as an attempt.
    if (outcome.kind !== 'delivered' && end.aborted) return await outbox.release(claim);
    this.#learn(outcome, clock.now());
    if (outcome.kind === 'gone') await outbox.disable(name, fingerprint, outcome.reason);
    const result = this.#resultOf(outcome, claim);
    const isOurs = await outbox.record(claim, result);
    if (isOurs && result.kind === 'dead') this.#warn(claim, result.reason);
  }

  async #attempt(message: FormedMessage, end: AbortSignal): Promise<Outcome> {
    const signal = AbortSignal.any([end, AbortSignal.timeout(ATTEMPT_MS)]);
    const { promise: aborted, resolve } = Promise.withResolvers<Outcome>();
    const onAbort = () => resolve(retry('it did not answer in time'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([this.#settings.receiver.send(message, signal), aborted]);
    } catch (error) {
      // It promised not to: only the kind of the error is safe to show.
      return retry(`an unexpected ${error instanceof Error ? error.name : 'error'}`);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #learn(outcome: Outcome, nowMs: number): void {
    if (outcome.kind === 'delivered') this.#trouble.succeeded();
    else this.#trouble.failed(outcome.reason);
    if (outcome.kind === 'retry') this.#breaker.failed(nowMs, outcome.afterMs);
    else this.#breaker.answered();
  }

  #resultOf(outcome: Outcome, { attempts }: Claim): Result {
    if (outcome.kind === 'delivered') return outcome;
    const { clock, random } = this.#deps;
    const next = nextAttempt(outcome, attempts + 1, random);
    const reason = visible(next.reason).slice(0, MAX_REASON_CHARACTERS);
    return next.kind === 'again'
      ? { kind: 'again', atMs: clock.now() + next.afterMs, reason }
      : { kind: 'dead', reason };
  }

  #warn({ message, attempts }: Claim, reason: string): void {
    const facts = { receiver: this.name, message: message.id, notices: message.notices.length };
    this.#deps.logger.warn({ ...facts, attempts: attempts + 1, reason }, 'a message is a dead letter');
  }
}

import { randomUUID } from 'node:crypto';
import { type Clock, pause } from '@odograph/kernel/clock';
import type { Random } from '@odograph/kernel/random';
import type { Logger } from '@odograph/platform/logger';
import { Trouble } from '@odograph/platform/trouble';
import { Channel, type ChannelSettings } from './channel.ts';
import type { Outbox } from './outbox.ts';

export interface DispatcherDeps {
  readonly outbox: Outbox;
  /** What is for other receivers waits until a process has them. */
  readonly receivers: readonly ChannelSettings[];
  readonly clock: Clock;
  readonly random: Pick<Random, 'next'>;
  readonly logger: Logger;
  /** How long a claim of a message holds. Longer than an attempt takes. Default: a minute. */
  readonly leaseMs?: number | undefined;
}

const LEASE_MS = 60_000;
/** What another process adds or leaves is found within this time. */
const POLL_MS = 5_000;
const REPAIR_MS = 10_000;
const SWEEP_MS = 600_000;
const MAX_IN_FLIGHT = 16;

/** Forms and sends what the outbox has. Any number of processes may have one on the same outbox. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #channels: readonly Channel[];
  readonly #trouble: Trouble;
  /** The next one to claim for, so that no receiver is always last. */
  #turn = 0;
  #repairAtMs = 0;
  #sweepAtMs = 0;
  #wakeup = new AbortController();
  readonly #stopping = new AbortController();
  readonly #ending = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(deps: DispatcherDeps) {
    const { receivers, outbox, logger, clock, leaseMs = LEASE_MS } = deps;
    this.#deps = deps;
    this.#trouble = new Trouble({
      logger,
      clock,
      message: 'the outbox of notices cannot be read or written',
    });
    const claims = { owner: randomUUID(), leaseMs };
    const { random } = deps;
    this.#channels = receivers.map(
      (settings) =>
        new Channel(settings, { outbox, claims, clock, random, logger, onTrouble: this.#trouble }),
    );
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** There may be something to send. */
  wake(): void {
    this.#wakeup.abort();
  }

  /** Claims nothing more, and waits for what is being sent. What has not ended after this time is left for another process. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    const sent = Promise.all(this.#channels.map((channel) => channel.idle()));
    const waited = new AbortController();
    await Promise.race([sent, pause(withinMs, waited.signal)]);
    waited.abort();
    this.#ending.abort();
    await sent;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wakeup = new AbortController();
      try {
        await this.#pass();
        const waitMs = await this.#untilNextMs();
        this.#trouble.succeeded();
        await pause(waitMs, this.#wakeup.signal);
      } catch (error) {
        await pause(this.#trouble.failed(error), this.#stopping.signal);
      }
    }
  }

  async #pass(): Promise<void> {
    const { outbox, clock } = this.#deps;
    if (clock.now() >= this.#repairAtMs) {
      await outbox.repair();
      this.#repairAtMs = clock.now() + REPAIR_MS;
    }
    if (clock.now() >= this.#sweepAtMs) {
      await outbox.sweep();
      this.#sweepAtMs = clock.now() + SWEEP_MS;
    }
    for (const channel of this.#channels) await channel.form();
    const count = this.#channels.length;
    for (let at = 0; at < count; at += 1) await this.#claimFor(this.#channels[(this.#turn + at) % count]);
    this.#turn = count === 0 ? 0 : (this.#turn + 1) % count;
  }

  async #claimFor(channel: Channel | undefined): Promise<void> {
    while (channel && this.#inFlight() < MAX_IN_FLIGHT && !this.#stopping.signal.aborted)
      if (!(await channel.sendNext(this.#ending.signal, () => this.wake()))) return;
  }

  #inFlight(): number {
    return this.#channels.reduce((sum, { inFlight }) => sum + inFlight, 0);
  }

  async #untilNextMs(): Promise<number> {
    const { outbox, clock } = this.#deps;
    const nowMs = clock.now();
    const nextMs = await outbox.nextAtMs(
      this.#channels.map(({ name }) => name),
      nowMs,
    );
    const probesMs = this.#channels
      .flatMap(({ probeAtMs }) => probeAtMs ?? [])
      .filter((atMs) => atMs > nowMs);
    return Math.min(POLL_MS, ...[...probesMs, nextMs ?? Infinity].map((atMs) => atMs - nowMs));
  }
}

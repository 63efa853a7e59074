import {
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { Scope } from './floors.ts';
import type { InvalidationListener, Invalidations } from './invalidations.ts';
import { compareStamps, INVALIDATIONS, type Stamp } from './version.ts';

interface InvalidationDeps {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Whether the server can be reached now: what is published while it cannot would pile up in memory. */
  readonly isConnected: () => boolean;
  readonly listener: InvalidationListener;
  /** Up to where an earlier process has applied them; undefined: nothing is known. */
  readonly after?: Stamp;
  /** Called with how long ago an invalidation was published, by the clock of NATS, when it is applied here. */
  readonly onApplied?: (lagMs: number) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
}

export const INVALIDATION_STREAM = 'CACHE_INVALIDATIONS';
export const INVALIDATION_SUBJECT = 'cache.invalidations';

/** Longer than processes are restarted or cut off, normally. One that was away for longer takes all that it has for invalid. */
const KEEP_MS = 3_600_000;
const MAX_MESSAGES = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;
const NANOS_IN_MS = 1_000_000;
const PUBLISH_WITHIN_MS = 5_000;
const BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** The list of invalidations as a stream of JetStream: each message has scopes, and its sequence is their place. */
export class JetStreamInvalidations implements Invalidations {
  readonly #deps: InvalidationDeps;
  readonly #stopping = new AbortController();
  #seen: Stamp;
  #isLive = false;
  readonly #opened = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(deps: InvalidationDeps) {
    this.#deps = deps;
    this.#seen = deps.after ?? { domain: INVALIDATIONS, epoch: 0, sequence: 0 };
  }

  /** Resolves when the list was opened, or could not be for the first time: then it is tried again. */
  async start(): Promise<void> {
    this.#running = this.#follow();
    await this.#opened.promise;
  }

  seen(): Stamp {
    return this.#seen;
  }

  isLive(): boolean {
    return this.#isLive && this.#deps.isConnected();
  }

  async raise(scopes: readonly Scope[]): Promise<Stamp> {
    const { jetstream, isConnected } = this.#deps;
    if (!isConnected() || this.#seen.epoch === 0)
      throw new Fault('UNAVAILABLE', 'the list of invalidations cannot be reached');
    const { epoch } = this.#seen;
    const options = { timeout: PUBLISH_WITHIN_MS, expect: { streamName: INVALIDATION_STREAM } };
    const { seq } = await jetstream.publish(INVALIDATION_SUBJECT, JSON.stringify(scopes), options);
    const stamp = { domain: INVALIDATIONS, epoch, sequence: seq };
    // What comes next in the list is known already: what is read from now on need not wait until it arrives.
    if (epoch === this.#seen.epoch && seq === this.#seen.sequence + 1) this.#seen = stamp;
    return stamp;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#followOnce(signal, () => {
          failures = 0;
        });
      } catch (error) {
        this.#deps.onTrouble(error);
      }
      this.#opened.resolve();
      this.#isLive = false;
      await pause(backoffMs(failures, BACKOFF), signal);
    }
  }

  async #followOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
    const { jetstream, listener } = this.#deps;
    const stream = await this.#openStream();
    const epoch = Date.parse(stream.created);
    const first = { domain: INVALIDATIONS, epoch, sequence: Math.max(0, stream.state.first_seq - 1) };
    // What is not in the stream any more, or was in another one, is not known.
    if (compareStamps(this.#seen, first) < 0) {
      listener.onMissed(first);
      this.#seen = first;
    }
    const consumer = await jetstream.consumers.get(INVALIDATION_STREAM, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#seen.sequence + 1,
    });
    const messages = await consumer.consume();
    this.#opened.resolve();
    const end = () => void messages.close();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      if (stream.state.last_seq <= this.#seen.sequence) this.#becomeLive(onLive);
      for await (const message of messages) {
        const stamp = { domain: INVALIDATIONS, epoch, sequence: message.seq };
        listener.onRaised(scopesOf(message.data), stamp);
        this.#seen = stamp;
        this.#deps.onApplied?.(Math.max(0, Date.now() - Number(message.timestampNanos) / NANOS_IN_MS));
        if (message.seq >= stream.state.last_seq) this.#becomeLive(onLive);
      }
    } finally {
      signal.removeEventListener('abort', end);
      await messages.close();
    }
  }

  #becomeLive(onLive: () => void): void {
    this.#isLive = true;
    onLive();
    this.#deps.onSuccess();
  }

  async #openStream(): Promise<StreamInfo> {
    return await this.#deps.manager.streams.add({
      ...{ name: INVALIDATION_STREAM, subjects: [INVALIDATION_SUBJECT] },
      ...{ max_age: KEEP_MS * NANOS_IN_MS, max_msgs: MAX_MESSAGES, max_bytes: MAX_BYTES },
    });
  }
}

/** A message that this program cannot read may be of a newer one: everything is invalid then. */
function scopesOf(data: Uint8Array): readonly Scope[] {
  try {
    const scopes: unknown = JSON.parse(Buffer.from(data).toString());
    if (Array.isArray(scopes) && scopes.every(isScope)) return scopes;
  } catch {
    // As for one that is JSON and no list of scopes.
  }
  return [{ all: true }];
}

function isScope(value: unknown): value is Scope {
  if (typeof value !== 'object' || value === null) return false;
  const { key, tag, prefix, all } = value as Record<string, unknown>;
  return all === true || [key, tag, prefix].some((text) => typeof text === 'string' && text !== '');
}

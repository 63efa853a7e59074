import {
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { backoffMs } from '@odograph/kernel/backoff';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { Scope } from './floors.ts';
import {
  INVALIDATION_STREAM,
  INVALIDATION_SUBJECT,
  type OpenedStream,
  openStream,
} from './invalidation-stream.ts';
import type { InvalidationListener, Invalidations } from './invalidations.ts';
import { compareStamps, INVALIDATIONS, type Stamp } from './version.ts';

interface InvalidationDeps {
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Whether the server can be reached now: what is published while it cannot would pile up in memory. */
  readonly isConnected: () => boolean;
  /** Calls the listener after each reconnection, until the returned function is called. */
  readonly onReconnect: (listener: () => void) => () => void;
  readonly listener: InvalidationListener;
  /** Up to where an earlier process has applied them; undefined: nothing is known. */
  readonly after?: Stamp;
  /** Called with how long ago an invalidation was published, by the clock of NATS, when it is applied here. */
  readonly onApplied?: (lagMs: number) => void;
  readonly onTrouble: (error: unknown) => void;
  readonly onSuccess: () => void;
}

const NANOS_IN_MS = 1_000_000;
const PUBLISH_WITHIN_MS = 5_000;
const BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** The list of invalidations as a stream of JetStream: each message has scopes, and its sequence is their place. */
export class JetStreamInvalidations implements Invalidations {
  readonly #deps: InvalidationDeps;
  readonly #stopping = new AbortController();
  /** Aborted when the stream must be looked at again. */
  #looking = new AbortController();
  #seen: Stamp;
  /** Whether the stream is the one that was seen, as far as is known. */
  #isOpen = false;
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
    if (!this.#deps.isConnected() || !this.#isOpen)
      throw new Fault('UNAVAILABLE', 'the list of invalidations cannot be reached');
    const [before, looking] = [this.#seen, this.#looking];
    const stamp = { ...before, sequence: await this.#publish(scopes) };
    if (compareStamps(stamp, before) <= 0) this.#lookAgain();
    // It may be stored in a list that is lost, or in one whose sequences begin again.
    if (looking.signal.aborted)
      throw new Fault('UNAVAILABLE', 'the list of invalidations may be another one: it is looked at again');
    // What comes next in the list is known already: what is read from now on need not wait until it arrives.
    const { epoch, sequence } = this.#seen;
    if (stamp.epoch === epoch && stamp.sequence === sequence + 1) this.#seen = stamp;
    return stamp;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #publish(scopes: readonly Scope[]): Promise<number> {
    const options = { timeout: PUBLISH_WITHIN_MS, expect: { streamName: INVALIDATION_STREAM } };
    try {
      const text = JSON.stringify(scopes);
      const { seq } = await this.#deps.jetstream.publish(INVALIDATION_SUBJECT, text, options);
      return seq;
    } catch (cause) {
      throw new Fault('UNAVAILABLE', `an invalidation was perhaps not stored: ${String(cause)}`, { cause });
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const stopListening = this.#deps.onReconnect(() => this.#lookAgain());
    for (let failures = 0; !signal.aborted; failures += 1) {
      this.#looking = new AbortController();
      try {
        await this.#followOnce(AbortSignal.any([signal, this.#looking.signal]), () => {
          failures = 0;
        });
      } catch (error) {
        this.#deps.onTrouble(error);
      }
      this.#opened.resolve();
      this.#lookAgain();
      await pause(backoffMs(failures, BACKOFF), signal);
    }
    stopListening();
  }

  /** Until then, nothing is known of what is new in the list. */
  #lookAgain(): void {
    [this.#isOpen, this.#isLive] = [false, false];
    this.#looking.abort();
  }

  /** Until the signal is aborted, or the stream or its consumer is lost. */
  async #followOnce(signal: AbortSignal, onLive: () => void): Promise<void> {
    const stream = await openStream(this.#deps.manager, this.#seen);
    const { epoch, firstSequence } = stream;
    // What is not in the stream any more, or was in another one, is not known.
    this.#reach({ domain: INVALIDATIONS, epoch, sequence: Math.max(0, firstSequence - 1) });
    const consumer = await this.#deps.jetstream.consumers.get(INVALIDATION_STREAM, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#seen.sequence + 1,
    });
    const messages = await consumer.consume({ abort_on_missing_resource: true });
    this.#isOpen = !signal.aborted;
    this.#opened.resolve();
    const end = () => void messages.close();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    try {
      await this.#apply(messages, { stream, signal, onLive });
    } finally {
      signal.removeEventListener('abort', end);
      await messages.close();
    }
  }

  async #apply(messages: ConsumerMessages, { stream, signal, onLive }: Followed): Promise<void> {
    const becomeLive = () => {
      this.#isLive = true;
      onLive();
      this.#deps.onSuccess();
    };
    if (stream.lastSequence <= this.#seen.sequence && !signal.aborted) becomeLive();
    for await (const message of messages) {
      if (signal.aborted) return;
      const stamp = { domain: INVALIDATIONS, epoch: stream.epoch, sequence: message.seq };
      this.#reach({ ...stamp, sequence: message.seq - 1 });
      this.#deps.listener.onRaised(scopesOf(message.data), stamp);
      if (compareStamps(stamp, this.#seen) > 0) this.#seen = stamp;
      this.#deps.onApplied?.(Math.max(0, Date.now() - Number(message.timestampNanos) / NANOS_IN_MS));
      if (message.seq >= stream.lastSequence && !this.#isLive) becomeLive();
    }
  }

  /** What was not seen up to there is missed. */
  #reach(stamp: Stamp): void {
    if (compareStamps(this.#seen, stamp) >= 0) return;
    this.#deps.listener.onMissed(stamp);
    this.#seen = stamp;
  }
}

/** The stream as it was when it was opened, and until when it is followed. */
interface Followed {
  readonly stream: OpenedStream;
  readonly signal: AbortSignal;
  readonly onLive: () => void;
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

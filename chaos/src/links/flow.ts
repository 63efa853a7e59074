import type { Socket } from 'node:net';
import { Bell } from '@odograph/kernel/bell';
import { pause } from '@odograph/kernel/clock';
import { createRandom, type Random } from '@odograph/kernel/random';
import type { Framer } from './framer.ts';
import type { Frame, FrameAction, Watcher } from './frames.ts';

/** How slow a link is, in each direction. */
export interface Slowness {
  readonly latencyMs: number;
  /** A random extra delay of up to this, evenly distributed. The order of bytes does not change. */
  readonly jitterMs?: number;
  /** The limit of one direction of one connection. */
  readonly bytesPerSecond?: number;
}

/** The network conditions of a link. They hold for all its connections. */
export class NetworkConditions {
  readonly #random: Random;
  #slow: { readonly slowness: Slowness; readonly ended: AbortController } | undefined;
  #hang: PromiseWithResolvers<void> | undefined;

  constructor(random: Random = createRandom(0)) {
    this.#random = random;
  }

  get isHung(): boolean {
    return this.#hang !== undefined;
  }

  /** Resolves when bytes may pass. */
  async passable(): Promise<void> {
    while (this.#hang) await this.#hang.promise;
  }

  /** The delay of bytes that arrive now; undefined if the link is not slow. */
  delay(): Delay | undefined {
    if (!this.#slow) return undefined;
    const { slowness, ended } = this.#slow;
    const { latencyMs, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY } = slowness;
    return {
      ms: latencyMs + this.#random.between(0, jitterMs),
      bytesPerSecond,
      ended: ended.signal,
    };
  }

  slow(slowness: Slowness): void {
    this.#slow?.ended.abort();
    this.#slow = { slowness, ended: new AbortController() };
  }

  hang(): void {
    this.#hang ??= Promise.withResolvers();
  }

  /** Delivers delayed bytes at once and lets all others pass. */
  heal(): void {
    this.#slow?.ended.abort();
    this.#slow = undefined;
    this.#hang?.resolve();
    this.#hang = undefined;
  }
}

interface Delay {
  readonly ms: number;
  readonly bytesPerSecond: number;
  /** Aborted when the conditions change: bytes that are delayed then leave at once. */
  readonly ended: AbortSignal;
}

interface FlowDeps {
  readonly source: Socket;
  readonly sink: Socket;
  /** Undefined: bytes pass unread. */
  readonly framer: Framer<Frame> | undefined;
  readonly conditions: NetworkConditions;
  readonly watchers: ReadonlySet<Watcher>;
  /** Resets the connection. */
  reset(): void;
}

/**
 * Carries bytes in one direction of a connection until the source ends, then ends the sink. Rejects with a Fault
 * INVALID_INPUT if the bytes are not of the link's protocol, and with any error of a watcher.
 */
export async function carry(flow: FlowDeps): Promise<void> {
  const { source, sink, framer, conditions } = flow;
  for await (const { bytes, dueAtMs, delay } of arrivals(source, conditions)) {
    const waitMs = dueAtMs - performance.now();
    if (waitMs > 0) await pause(waitMs, delay?.ended);
    await conditions.passable();
    if (sink.destroyed) return;
    if (framer) await sendFrames(flow, framer.push(bytes));
    else await send(flow, bytes);
  }
  // The receiver decides what an incomplete frame at the end means.
  if (framer) await send(flow, framer.rest());
  await conditions.passable();
  if (!sink.destroyed) sink.end();
}

interface Arrival {
  readonly bytes: Buffer;
  /** When the bytes may leave, by `performance.now()`; 0: at once. */
  readonly dueAtMs: number;
  readonly delay: Delay | undefined;
}

/** The most bytes that one direction reads ahead. It also limits a slow link to this many bytes per latency. */
const WINDOW_BYTES = 1024 * 1024;

/** The chunks of a socket in order, each with the time at which it may leave. */
async function* arrivals(source: Socket, conditions: NetworkConditions): AsyncGenerator<Arrival> {
  const bell = new Bell();
  const queue: Arrival[] = [];
  const dueAtMs = createRateLimit();
  let [queuedBytes, isOver] = [0, false];
  const end = () => {
    isOver = true;
    bell.ring();
  };
  source.on('data', (bytes: Buffer) => {
    const delay = conditions.delay();
    queue.push({ bytes, dueAtMs: delay ? dueAtMs(bytes.length, delay) : 0, delay });
    queuedBytes += bytes.length;
    if (queuedBytes >= WINDOW_BYTES) source.pause();
    bell.ring();
  });
  source.on('end', end).on('close', end);
  for (;;) {
    const next = queue.shift();
    if (next) {
      queuedBytes -= next.bytes.length;
      if (queuedBytes < WINDOW_BYTES) source.resume();
      yield next;
    } else if (isOver) return;
    else await bell.rung();
  }
}

/** When bytes arrive that enter a slow link now, behind those before them. New conditions start with an empty link. */
function createRateLimit(): (bytes: number, delay: Delay) => number {
  let [busyUntilMs, conditions]: [number, AbortSignal | undefined] = [0, undefined];
  return (bytes, { ms, bytesPerSecond, ended }) => {
    if (ended !== conditions) [busyUntilMs, conditions] = [0, ended];
    busyUntilMs = Math.max(busyUntilMs, performance.now()) + (bytes * 1_000) / bytesPerSecond;
    return busyUntilMs + ms;
  };
}

async function sendFrames(flow: FlowDeps, frames: readonly Frame[]): Promise<void> {
  const { sink, watchers } = flow;
  if (watchers.size === 0) return await send(flow, ...frames.map(({ bytes }) => bytes));
  // Frames that pass at once leave together; a frame that is held does not hold those before it.
  sink.cork();
  process.nextTick(() => sink.uncork());
  for (const frame of frames) {
    const action = await actionFor(watchers, frame);
    if (action === 'cut') return flow.reset();
    if (action === 'pass') await send(flow, frame.bytes);
  }
}

/** Asks one watcher after the other; the first that does not answer `pass` decides. */
async function actionFor(watchers: Iterable<Watcher>, frame: Frame): Promise<FrameAction> {
  for (const watcher of watchers) {
    const action = await watcher(frame);
    if (action !== 'pass') return action;
  }
  return 'pass';
}

async function send({ sink, conditions }: FlowDeps, ...pieces: readonly Buffer[]): Promise<void> {
  await conditions.passable();
  if (sink.destroyed) return;
  sink.cork();
  for (const piece of pieces) sink.write(piece);
  sink.uncork();
  if (sink.writableNeedDrain) await drained(sink);
}

/** Resolves also when the socket closes. */
async function drained(sink: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.once('drain', resolve).once('close', resolve);
  await promise;
  sink.off('drain', resolve).off('close', resolve);
}

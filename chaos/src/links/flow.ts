import type { Socket } from 'node:net';
import { pause } from '@odograph/kernel/clock';
import { Arrivals, type Parcel } from './arrivals.ts';
import type { Framer } from './framer.ts';
import { type Frame, judge, type Watcher } from './protocol.ts';
import type { Weather } from './weather.ts';

/** One direction of a connection. */
export interface Flow {
  readonly source: Socket;
  readonly sink: Socket;
  /** Undefined: bytes pass as they come. */
  readonly framer: Framer<Frame> | undefined;
  readonly weather: Weather;
  readonly watchers: ReadonlySet<Watcher>;
  /** Resets the connection. */
  cut(): void;
}

/**
 * Carries bytes from one socket to the other until the first ends, then passes the end on. Rejects with a Fault
 * INVALID_INPUT when they are not of the link's protocol, and with whatever a watcher throws.
 */
export async function carry(flow: Flow): Promise<void> {
  const { source, sink, framer, weather } = flow;
  for await (const { bytes, due } of new Arrivals(source, weather).parcels()) {
    await untilDue(due);
    await weather.clear();
    if (sink.destroyed) return;
    if (framer) await sendFrames(flow, framer.push(bytes));
    else await send(flow, bytes);
  }
  // An end within a frame is for the other side to judge.
  if (framer) await send(flow, framer.rest());
  await weather.clear();
  if (!sink.destroyed) sink.end();
}

async function untilDue(due: Parcel['due']): Promise<void> {
  if (!due) return;
  const ms = due.atMs - performance.now();
  if (ms > 0) await pause(ms, due.ended);
}

async function sendFrames(flow: Flow, frames: readonly Frame[]): Promise<void> {
  const { sink, watchers } = flow;
  if (watchers.size === 0) return await send(flow, ...frames.map(({ bytes }) => bytes));
  // Frames that are let pass at once leave together, as they came; one that is held lets those before it go.
  sink.cork();
  process.nextTick(() => sink.uncork());
  for (const frame of frames) {
    const verdict = await judge(watchers, frame);
    if (verdict === 'cut') return flow.cut();
    if (verdict === 'pass') await send(flow, frame.bytes);
  }
}

async function send({ sink, weather }: Flow, ...pieces: readonly Buffer[]): Promise<void> {
  await weather.clear();
  if (sink.destroyed) return;
  sink.cork();
  for (const piece of pieces) sink.write(piece);
  sink.uncork();
  if (sink.writableNeedDrain) await drained(sink);
}

/** Resolves, too, when the socket is gone. */
async function drained(sink: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  sink.once('drain', resolve).once('close', resolve);
  await promise;
  sink.off('drain', resolve).off('close', resolve);
}

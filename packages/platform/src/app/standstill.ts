import { url } from 'node:inspector';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../logger.ts';

/** The exit code of a process that ended because its event loop was blocked. */
export const EXIT_STANDSTILL = 70;

/** What a process writes about itself before it ends with {@link EXIT_STANDSTILL}; `err.message` has the reason. */
export const STANDSTILL_MESSAGE = 'the event loop is blocked';

/** How often the main thread counts on, and how often the watching thread looks. */
export const BEAT_MS = 250;

/** What the watching thread gets. */
export interface StandstillWatch {
  readonly service: string;
  /** The process is ended after this time. */
  readonly limitMs: number;
  /** A count of turns of the event loop, 0 while nothing is to be watched. */
  readonly beats: Int32Array;
}

/** A standstill that is over. */
export interface Standstill {
  readonly blockedMs: number;
  /** CPU of the process in this time. */
  readonly cpuMs: number;
  /** What ran after a second; empty if it was a native function. */
  readonly stack: string;
}

/**
 * Watches the event loop from a second thread until the process ends. A standstill of a second is logged when it is over.
 * One of `limitMs` ends the process with {@link EXIT_STANDSTILL}, after a line with the reason and the stack on stderr.
 *
 * It does not count while the process or the machine is suspended, because the thread counts its own turns, and half of the
 * limit must be CPU. Nothing is watched while a debugger may be attached.
 */
export function watchEventLoop(service: string, limitMs: number, logger: Logger): void {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const beat = () => Atomics.store(beats, 0, url() === undefined ? Atomics.load(beats, 0) + 1 : 0);
  beat();
  setInterval(beat, BEAT_MS).unref();
  const workerData: StandstillWatch = { service, limitMs, beats };
  const thread = new Worker(new URL('./standstill-thread.ts', import.meta.url), { workerData });
  thread.on('message', (standstill: Standstill) => logger.warn(standstill, 'the event loop was blocked'));
  thread.unref();
}

/** Where a stack was, in its first frame of our own code: `foldSubject (fold.ts:47:12)`. */
export function placeOf(stack: string): string {
  const frames = stack.split('\n').map((line) => line.trim().replace(/^at (async )?/, ''));
  const isOurs = (frame: string) => frame.includes('file:') && !frame.includes('/node_modules/');
  const frame = frames.find(isOurs) ?? frames[0];
  return frame ? frame.replace(/file:\S*\//, '') : 'a native function';
}

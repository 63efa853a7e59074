import { pause } from '@odograph/kernel/clock';

/** The result of work, or the reason of a signal if that is aborted first. What comes later of the work is left alone. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The result of work; undefined if it takes longer. Rejects with the reason of a signal if that is aborted first. */
export async function soonOf<T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T | undefined> {
  const waiting = new AbortController();
  const late = pause(ms, waiting.signal).then(() => undefined);
  try {
    return await orAborted(Promise.race([work, late]), signal);
  } finally {
    waiting.abort();
  }
}

import { Fault } from '@odograph/kernel/fault';
import type { Link } from './link.ts';
import { isPoint, type PointName } from './points.ts';
import type { Frame, Verdict } from './protocol.ts';

export interface AtPointOptions {
  /** At which time that the point is come to, from now on. Default: 1, the first. */
  readonly after?: number;
  /** Gives the wait up; once the act has begun it changes nothing. */
  readonly signal?: AbortSignal;
}

/**
 * Does something once, while a link holds the message that is at a point, and lets the act say what becomes of it.
 * Resolves when that is said. Rejects with what the act throws, the message then being let pass, and with a Fault
 * CANCELLED.
 */
export function atPoint(
  link: Pick<Link, 'watch'>,
  name: PointName,
  { after = 1, signal }: AtPointOptions,
  act: (frame: Frame) => Verdict | Promise<Verdict>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = after;
  const end = () => {
    left = 0;
    unwatch();
    signal?.removeEventListener('abort', cancel);
  };
  const cancel = () => {
    end();
    reject(new Fault('CANCELLED', `nobody waits for "${name}" any more`, { cause: signal?.reason }));
  };
  const begin = async (frame: Frame): Promise<Verdict> => {
    try {
      const verdict = await act(frame);
      resolve();
      return verdict;
    } catch (error) {
      reject(error);
      return 'pass';
    }
  };
  const unwatch = link.watch((frame) => {
    if (left === 0 || !isPoint(name, frame)) return 'pass';
    left -= 1;
    if (left > 0) return 'pass';
    end();
    return begin(frame);
  });
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return promise;
}

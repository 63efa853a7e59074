import { Fault } from '@odograph/kernel/fault';
import type { Frame, FrameAction } from './frames.ts';
import type { Link } from './link.ts';
import { isPoint, type PointName } from './points.ts';

interface AtPointOptions {
  /** Which occurrence of the point to wait for, counted from now. Default: 1, the next one. */
  readonly after?: number;
  /** Cancels the wait. It has no effect once the act has started. */
  readonly signal?: AbortSignal;
}

/**
 * Holds the message that is at a point, runs the act once, and does with the message what the act returns. Rejects with
 * an error of the act, and then lets the message pass, or with a Fault CANCELLED.
 */
export function atPoint(
  link: Pick<Link, 'watch'>,
  name: PointName,
  { after = 1, signal }: AtPointOptions,
  act: (frame: Frame) => FrameAction | Promise<FrameAction>,
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
    reject(new Fault('CANCELLED', `the wait for point "${name}" was cancelled`, { cause: signal?.reason }));
  };
  const begin = async (frame: Frame): Promise<FrameAction> => {
    try {
      const action = await act(frame);
      resolve();
      return action;
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

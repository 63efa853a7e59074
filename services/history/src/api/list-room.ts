import { Bell } from '@odograph/kernel/bell';
import { FairShare } from '@odograph/kernel/fair-share';
import type { CallContext } from '@odograph/platform/grpc/handler';

/** Waits until vehicles with a number of signals may be read. Dispose of the result when they are not needed any more. */
type RoomFor = (signals: number, call: Pick<CallContext, 'client' | 'signal'>) => Promise<Disposable>;

/**
 * Room in memory for the vehicles that calls read for lists, in signals. A client may have as much as is free, so that others
 * need not wait for it.
 */
export function createListRoom(maxSignals: number): RoomFor {
  const taken = new FairShare<string>(maxSignals);
  const released = new Bell();
  return async (signals, { client, signal }) => {
    while (!taken.tryTake(client, signals)) {
      await released.rung();
      signal.throwIfAborted();
    }
    return {
      [Symbol.dispose]() {
        taken.give(client, signals);
        released.ring();
      },
    };
  };
}

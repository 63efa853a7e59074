import { Bell } from '@odograph/kernel/bell';
import { FairShare } from '@odograph/kernel/fair-share';
import type { CallContext } from '@odograph/platform/grpc/handler';

/** Waits until a call may take an amount. Dispose of the result when it is not needed any more. */
type RoomFor = (amount: number, call: Pick<CallContext, 'client' | 'signal'>) => Promise<Disposable>;

/**
 * Room for what calls do at the same time. A client may have as much as is free, so that others need not wait for it.
 * @param maxEach what a client may have at most
 */
export function createRoom(max: number, maxEach = max): RoomFor {
  const taken = new FairShare<string>(max, maxEach);
  const released = new Bell();
  return async (amount, { client, signal }) => {
    while (!taken.tryTake(client, amount)) {
      await released.rung();
      signal.throwIfAborted();
    }
    return {
      [Symbol.dispose]() {
        taken.give(client, amount);
        released.ring();
      },
    };
  };
}

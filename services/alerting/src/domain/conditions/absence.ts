import { type Condition, stateless } from '../condition.ts';

/** Holds if the vehicle has not reported for so long. */
export function absence(forMs: number): Condition<null> {
  return stateless(({ silentMs }) => silentMs >= forMs);
}

import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { vi } from 'vitest';

/** How often the event loop turns while a work is done, if each read of the clock takes a millisecond. */
export async function turnsOf(work: () => Promise<unknown>): Promise<number> {
  let nowMs = 0;
  let turns = 0;
  let isDone = false;
  const count = () => {
    if (isDone) return;
    turns += 1;
    setImmediate(count);
  };
  // What read another clock before has ended its turn.
  await nextLoopTurn();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++nowMs);
  setImmediate(count);
  try {
    await work();
  } finally {
    isDone = true;
    clock.mockRestore();
  }
  return turns;
}

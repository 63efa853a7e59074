import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTurns } from '../turns.ts';
import type { Admission } from './admission.ts';

/**
 * For what must answer when everything else is busy. A client gets one answer in a turn of the event loop, so that one with
 * very many questions delays neither other clients nor other work.
 */
export function createOneATurn(): Admission {
  const inTurn = createTurns();
  return {
    async enter(client, signal) {
      await inTurn(client, async () => {
        signal.throwIfAborted();
        await nextTurn();
      });
      return () => undefined;
    },
  };
}

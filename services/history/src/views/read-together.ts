import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Answers all who ask for the same thing in one turn of the event loop with one read. It begins after each of them has
 * asked, so nobody gets what was read before.
 */
export function readTogether<K, V>(read: (key: K) => Promise<V>): (key: K) => Promise<V> {
  const asked = new Map<K, Promise<V>>();

  async function readNext(key: K): Promise<V> {
    await nextTurn();
    asked.delete(key);
    return await read(key);
  }

  return (key) => {
    const reading = asked.get(key) ?? readNext(key);
    asked.set(key, reading);
    return reading;
  };
}

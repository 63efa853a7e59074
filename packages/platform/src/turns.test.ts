import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

/** Work that ends when the test says so, and records when it begins. */
function openWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  return { begun, work, end: (name: string) => ends.get(name) };
}

test('work on one key runs in the order of the calls, also after a failure; other keys do not wait', async () => {
  const { begun, work, end } = openWork();
  const inTurn = createTurns();
  const first = inTurn('bus-1', work('first'));
  const second = inTurn('bus-1', work('second'));
  const third = inTurn('bus-1', work('third'));
  const other = inTurn('bus-2', work('other'));
  await Promise.resolve();
  expect(begun).toEqual(['first', 'other']);
  end('first')?.reject(new Error('refused'));
  await expect(first).rejects.toThrow('refused');
  expect(begun).toEqual(['first', 'other', 'second']);
  end('second')?.resolve('2');
  expect(await second).toBe('2');
  end('third')?.resolve('3');
  end('other')?.resolve('4');
  expect(await Promise.all([third, other])).toEqual(['3', '4']);
});

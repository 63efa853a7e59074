import { expect, test, vi } from 'vitest';
import { Flights } from './flights.ts';

const { signal } = new AbortController();

test('all who ask while it is under way get the same result, or the same failure', async () => {
  for (const failure of [undefined, new Error('away')]) {
    const flights = new Flights<string>();
    const result = Promise.withResolvers<string>();
    const work = vi.fn(() => result.promise);
    const all = Array.from({ length: 100 }, () => flights.join('k', '', work, signal));
    if (failure) result.reject(failure);
    else result.resolve('value');
    const outcomes = await Promise.allSettled(all);
    expect(new Set(outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.reason)))).toEqual(
      new Set([failure ?? 'value']),
    );
    expect(work).toHaveBeenCalledTimes(1);
    expect(flights.size).toBe(0);
  }
});

test('one who leaves does not end it for the others; the last one does', async () => {
  const flights = new Flights<string>();
  let ended: AbortSignal | undefined;
  const work = (ending: AbortSignal) => {
    ended = ending;
    return new Promise<string>(() => undefined);
  };
  const callers = [new AbortController(), new AbortController()];
  const waiting = callers.map((caller) => flights.join('k', '', work, caller.signal));
  const outcomes = Promise.allSettled(waiting);
  callers[0]?.abort(new Error('left'));
  await expect(waiting[0]).rejects.toThrow('left');
  expect(ended?.aborted).toBe(false);
  callers[1]?.abort(new Error('left too'));
  await outcomes;
  expect(ended?.aborted).toBe(true);
  expect(flights.size).toBe(0);
});

test('after it is retired, who comes begins another one, and the first ends for those who wait for it', async () => {
  const flights = new Flights<string>();
  const [first, second] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const before = flights.join('k', '', () => first.promise, signal);
  flights.retire('k');
  const after = flights.join('k', '', () => second.promise, signal);
  second.resolve('new');
  first.resolve('old');
  expect([await before, await after]).toEqual(['old', 'new']);
  expect(flights.size).toBe(0);
});

test('who wants more of a key does not wait with those who want less, nor do they wait for it', async () => {
  const flights = new Flights<string>();
  const never = () => new Promise<string>(() => undefined);
  const leaving = new AbortController();
  const waiting = flights.join('k', 'more', never, leaving.signal);
  expect(await flights.join('k', '', async () => 'value', signal)).toBe('value');
  flights.retire('k');
  expect(await flights.join('k', 'more', async () => 'as much', signal)).toBe('as much');
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  expect(flights.size).toBe(0);
});

test('who joins one of several that fail for another asks for it alone, and those who began them get the failure', async () => {
  const flights = new Flights<string>();
  const bad = Promise.withResolvers<ReadonlyMap<string, string>>();
  const began = flights.joinMany(['good', 'bad'], '', () => bad.promise, signal);
  const work = vi.fn(async () => 'value');
  const joined = [flights.join('good', '', work, signal), flights.join('good', '', work, signal)];
  bad.reject(new Error('it has no state'));
  expect(await Promise.all(joined)).toEqual(['value', 'value']);
  expect(work).toHaveBeenCalledTimes(1);
  expect(Array.from((await began).values(), ({ status }) => status)).toEqual(['rejected', 'rejected']);
  const failing = () => Promise.reject(new Error('away'));
  await expect(flights.join('good', '', failing, signal)).rejects.toThrow('away');
  expect(flights.size).toBe(0);
});

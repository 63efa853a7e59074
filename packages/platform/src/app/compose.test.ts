import { once } from 'node:events';
import { Fault } from '@odograph/kernel/fault';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { App, AppState } from './app.ts';
import { compose } from './compose.ts';
import { type Life, started } from './part.ts';

/** An app of parts a, b and c, each needing the one before it, that writes down what happens to them. */
function threeParts(lives: Readonly<Record<string, Life>> = {}) {
  const events: string[] = [];
  const part = (name: string, needs: unknown) => {
    events.push(`make ${name}(${needs ?? ''})`);
    const { start, stop } = lives[name] ?? {};
    return started(name, {
      start: async () => {
        events.push(`start ${name}`);
        await start?.();
      },
      stop: async (leftMs) => {
        events.push(`stop ${name}`);
        await stop?.(leftMs);
      },
    });
  };
  const composition = compose('test')
    .part('a', [], () => part('a', undefined))
    .part('b', ['a'], async ({ a }) => part('b', a))
    .part('c', ['a', 'b'], ({ a, b }) => part('c', a + b));
  return { composition, events };
}

function statesOf(app: App<unknown>): AppState[] {
  const states: AppState[] = [app.state];
  app.onState((state) => states.push(state));
  return states;
}

const refuse = (message: string) => () => {
  throw new Fault('UNAVAILABLE', message);
};

describe('an app', () => {
  test('makes and starts each part before the next, and stops them in reverse', async () => {
    const { composition, events } = threeParts();
    const app = composition.build();
    const states = statesOf(app);
    expect(await app.start()).toEqual({ a: 'a', b: 'b', c: 'c' });
    await app.stop();
    expect(events).toEqual([
      ...['make a()', 'start a', 'make b(a)', 'start b', 'make c(ab)', 'start c'],
      ...['stop c', 'stop b', 'stop a'],
    ]);
    expect(states).toEqual(['new', 'starting', 'running', 'stopping', 'stopped']);
  });

  test('whose part does not start stops the parts before it and names it', async () => {
    const { composition, events } = threeParts({ b: { start: refuse('no database') } });
    const app = composition.build();
    const states = statesOf(app);
    await expect(app.start()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'test: b did not start: no database',
    });
    expect(events).toEqual(['make a()', 'start a', 'make b(a)', 'start b', 'stop a']);
    expect(states).toEqual(['new', 'starting', 'failed']);
    await app.stop();
    expect(app.state).toBe('failed');
  });

  test('whose part does not stop stops the others all the same, and names it', async () => {
    const { composition, events } = threeParts({ b: { stop: refuse('no answer') } });
    const app = composition.build();
    await app.start();
    await expect(app.stop()).rejects.toMatchObject({ message: 'test: b did not stop: no answer' });
    expect(events.slice(-3)).toEqual(['stop c', 'stop b', 'stop a']);
    expect(app.state).toBe('failed');
  });

  test('that is told to stop while it starts gets no further', async () => {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const { composition, events } = threeParts({ b: { start: () => resolve(app.stop()) } });
    const app = composition.build();
    const states = statesOf(app);
    await expect(app.start()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'test was stopped before c started',
    });
    await stopped;
    expect(events.slice(-2)).toEqual(['stop b', 'stop a']);
    expect(states).toEqual(['new', 'starting', 'stopping', 'stopped']);
  });

  test('that is told to stop while it starts ends a part that waits', async () => {
    const app = compose('test')
      .part('a', [], (_, stopping) => once(stopping, 'abort').then(() => stopping.throwIfAborted()))
      .build();
    const starting = expect(app.start()).rejects.toMatchObject({
      message: 'test was stopped before a started',
    });
    await app.stop();
    await starting;
    expect(app.state).toBe('stopped');
  });

  test('stops once, however often it is told to, and starts only once', async () => {
    const { composition, events } = threeParts();
    const app = composition.build();
    await app.start();
    await Promise.all([app.stop(), app.stop()]);
    expect(events.filter((event) => event === 'stop a')).toHaveLength(1);
    await expect(app.start()).rejects.toThrow('test is stopped: an app starts once');
  });

  test('tells each part how much of the time to stop is left', async () => {
    const left: number[] = [];
    const keep = (leftMs: number) => void left.push(leftMs);
    const { composition } = threeParts({ a: { stop: keep }, b: { stop: keep }, c: { stop: keep } });
    const app = composition.build();
    await app.start();
    await app.stop(500);
    expect(left).toEqual(left.toSorted((x, y) => y - x));
    expect(Math.max(...left)).toBeLessThanOrEqual(500);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
  });

  test('takes what a test puts in place of a part, and neither starts nor stops that', async () => {
    const { composition, events } = threeParts();
    const app = composition.with({ b: 'fake' }).build();
    expect(await app.start()).toEqual({ a: 'a', b: 'fake', c: 'c' });
    await app.stop();
    expect(events).toEqual(['make a()', 'start a', 'make c(afake)', 'start c', 'stop c', 'stop a']);
  });

  test('makes what a factory makes at each call', async () => {
    let made = 0;
    const app = compose('test')
      .part('step', [], () => 10)
      .factory('next', ['step'], ({ step }) => (made += step))
      .part('two', ['next'], ({ next }) => [next(), next()])
      .build();
    expect((await app.start()).two).toEqual([10, 20]);
  });

  test('shows its parts and what they need', () => {
    const { composition } = threeParts();
    expect(
      composition
        .factory('d', ['c'], () => 1)
        .with({ b: 'fake' })
        .graph(),
    ).toEqual([
      { name: 'a', kind: 'singleton', dependencies: [] },
      { name: 'b', kind: 'override', dependencies: ['a'] },
      { name: 'c', kind: 'singleton', dependencies: ['a', 'b'] },
      { name: 'd', kind: 'factory', dependencies: ['c'] },
    ]);
  });
});

describe('a composition does not compile, and fails when it is made,', () => {
  const one = compose('test').part('one', [], () => 1);

  test('with a part that needs a later one', () => {
    // @ts-expect-error -- 'two' comes after it
    const forward = () => compose('test').part('one', ['two'], () => 1);
    expect(forward).toThrow('test: one → two: two is not registered before it');
  });

  test('with two parts that need each other', () => {
    const cycle = () =>
      compose('test')
        // @ts-expect-error -- a cycle has a part that needs a later one
        .part('one', ['two'], () => 1)
        .part('two', ['one'], () => 2);
    expect(cycle).toThrow('test: one → two: two is not registered before it');
  });

  test('with a part that needs itself', () => {
    // @ts-expect-error -- it is not there before itself
    expect(() => compose('test').part('one', ['one'], () => 1)).toThrow('one → one');
  });

  test('with two parts of one name', () => {
    // @ts-expect-error -- the name is taken
    expect(() => one.part('one', [], () => 2)).toThrow('test: two parts are named one');
    // @ts-expect-error -- the name is taken, by a part of the other kind
    expect(() => one.factory('one', [], () => 2)).toThrow('test: two parts are named one');
  });

  test('but gives each part the types of those it needs, and of no others', () => {
    one
      .part('two', [], async () => started('2', {}))
      .factory('three', ['two'], ({ two }) => ({ two }))
      .part('four', ['one', 'three'], (parts) => {
        expectTypeOf(parts).toEqualTypeOf<{ readonly one: number; readonly three: () => { two: string } }>();
        // @ts-expect-error -- it did not ask for 'two'
        return parts.two;
      });
    // @ts-expect-error -- of another type
    one.with({ one: '1' });
    // @ts-expect-error -- no such part
    one.with({ six: 6 });
  });
});

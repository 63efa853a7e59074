import { once } from 'node:events';
import { Fault } from '@odograph/kernel/fault';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Life, started } from './app.ts';
import { compose } from './compose.ts';

/** An app with the parts a, b and c, and a list of what happens to them. */
function threeParts(lives: Readonly<Record<string, Life>> = {}) {
  const events: string[] = [];
  const part = (name: string, before: object) => {
    events.push(`make ${name}(${Object.values(before).join('')})`);
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
    .part('a', (parts) => part('a', parts))
    .part('b', async (parts) => part('b', parts))
    .part('c', (parts) => part('c', parts));
  return { app: composition.build(), events };
}

const refuse = (message: string) => () => {
  throw new Fault('UNAVAILABLE', message);
};

describe('an app', () => {
  test('makes and starts each part before the next, and stops them in reverse', async () => {
    const { app, events } = threeParts();
    expect(app.state).toBe('new');
    const starting = app.start();
    expect(app.state).toBe('starting');
    expect(await starting).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect(app.state).toBe('running');
    await app.stop(1_000);
    expect(app.state).toBe('stopped');
    expect(events).toEqual([
      ...['make a()', 'start a', 'make b(a)', 'start b', 'make c(ab)', 'start c'],
      ...['stop c', 'stop b', 'stop a'],
    ]);
  });

  test('stops the parts that had started if one fails to start, and names that one', async () => {
    const { app, events } = threeParts({ b: { start: refuse('no database') } });
    await expect(app.start()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'test: b did not start: no database',
    });
    expect(events).toEqual(['make a()', 'start a', 'make b(a)', 'start b', 'stop a']);
    expect(app.state).toBe('failed');
    await app.stop(1_000);
    expect(app.state).toBe('failed');
    expect(events.filter((event) => event === 'stop a')).toHaveLength(1);
  });

  test('stops the other parts if one fails to stop, and names that one', async () => {
    const { app, events } = threeParts({ b: { stop: refuse('no answer') } });
    await app.start();
    await expect(app.stop(1_000)).rejects.toMatchObject({ message: 'test: b did not stop: no answer' });
    expect(events.slice(-3)).toEqual(['stop c', 'stop b', 'stop a']);
    expect(app.state).toBe('failed');
  });

  test('starts no further part after it is told to stop', async () => {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const { app, events } = threeParts({
      b: {
        start: () => {
          resolve(app.stop(1_000));
        },
      },
    });
    await expect(app.start()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'test was stopped before c started',
    });
    await stopped;
    expect(events.slice(-2)).toEqual(['stop b', 'stop a']);
    expect(app.state).toBe('stopped');
  });

  test('ends a part that waits if it is told to stop while it starts', async () => {
    const app = compose('test')
      .part('a', (_, stopping) => once(stopping, 'abort').then(() => stopping.throwIfAborted()))
      .build();
    const starting = expect(app.start()).rejects.toMatchObject({
      message: 'test was stopped before a started',
    });
    await app.stop(1_000);
    await starting;
    expect(app.state).toBe('stopped');
  });

  test('stops once, however often it is told to, and starts only once', async () => {
    const { app, events } = threeParts();
    await app.start();
    await Promise.all([app.stop(1_000), app.stop(1_000)]);
    expect(events.filter((event) => event === 'stop a')).toHaveLength(1);
    await expect(app.start()).rejects.toThrow('test is stopped: an app starts only once');
  });

  test('tells each part how much of the time to stop is left', async () => {
    const left: number[] = [];
    const stop = (leftMs: number) => void left.push(leftMs);
    const { app } = threeParts({ a: { stop }, b: { stop }, c: { stop } });
    await app.start();
    await app.stop(500);
    expect(left).toHaveLength(3);
    expect(left).toEqual(left.toSorted((x, y) => y - x));
    expect(Math.max(...left)).toBeLessThanOrEqual(500);
    expect(Math.min(...left)).toBeGreaterThanOrEqual(0);
  });
});

describe('a composition', () => {
  const one = compose('test').part('one', () => 1);

  test('refuses a second part of the same name, by type and at run time', () => {
    // @ts-expect-error -- the name is taken
    expect(() => one.part('one', () => 2)).toThrow('test: two parts are named one');
  });

  test('gives each part the parts before it, with their types, and no others', () => {
    one
      .part('two', async () => started('2', {}))
      .part('three', (parts) => {
        expectTypeOf(parts).toEqualTypeOf<
          Readonly<Record<never, never>> & { readonly one: number } & { readonly two: string }
        >();
        // @ts-expect-error -- the part comes later
        return parts.four;
      })
      .part('four', () => 4);
  });
});

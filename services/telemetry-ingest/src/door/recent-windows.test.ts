import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RECENT_MS, RecentWindows } from './recent-windows.ts';

function open(max = 100) {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const recent = new RecentWindows(clock, max);
  const by = (client: string) => ({
    isNew: (vehicle: string, ...windows: readonly number[]) => recent.newOf(client, vehicle, windows).length,
    add: (vehicle: string, ...windows: readonly number[]) => {
      const begun = recent.newOf(client, vehicle, windows);
      if (begun.length > 0) recent.add(client, vehicle, begun);
    },
  });
  return { clock, by, ...by('a') };
}

test('a window of a vehicle is new until it has a report, and again after a while', () => {
  const { clock, isNew, add } = open();
  expect(isNew('bus-1', 7, 8)).toBe(2);
  add('bus-1', 7);
  expect([isNew('bus-1', 7, 8), isNew('bus-2', 7), isNew('bus-1')]).toEqual([1, 1, 1]);
  clock.ms += RECENT_MS - 1;
  add('bus-1');
  expect([isNew('bus-1', 7), isNew('bus-1')]).toEqual([0, 0]);
  clock.ms += 1;
  expect([isNew('bus-1', 7), isNew('bus-1')]).toEqual([1, 0]);
});

test('what is reported for again meanwhile is not remembered for longer', () => {
  const { clock, isNew, add } = open();
  add('bus-1', 7);
  clock.ms += RECENT_MS - 1;
  add('bus-1', 7);
  clock.ms += 1;
  expect(isNew('bus-1', 7)).toBe(1);
});

test('after the clock was set back all are new, and those of now are remembered', () => {
  const { clock, isNew, add } = open();
  add('bus-1', 7);
  add('bus-2', 7);
  clock.ms -= 1;
  add('bus-1', 7);
  expect([isNew('bus-1', 7), isNew('bus-2', 7)]).toEqual([0, 1]);
});

test('above the maximum, the first ones are forgotten', () => {
  const { isNew, add } = open(3);
  for (const vehicle of ['a', 'b', 'c', 'd']) add(vehicle, 7);
  expect(['a', 'b', 'c', 'd'].map((vehicle) => isNew(vehicle, 7))).toEqual([1, 0, 0, 0]);
});

test('the windows of one client are new for another, which loses none to it', () => {
  const { by } = open(100);
  const [large, small] = [by('large'), by('small')];
  for (let at = 0; at < 20; at += 1) small.add('bus', at);
  expect(large.isNew('bus', 0)).toBe(1);
  for (let at = 0; at < 1_000; at += 1) large.add('bus', at);
  const counts = [small, large].map(({ isNew }) =>
    isNew('bus', ...Array.from({ length: 1_000 }, (_, at) => at)),
  );
  expect(counts[0]).toBe(980);
  expect(counts[1]).toBeGreaterThanOrEqual(920);
  expect(counts[1]).toBeLessThan(935);
});

test('of very many clients, those that added one last are remembered', () => {
  const { by } = open(10_000);
  const first = by('first');
  first.add('bus', 1);
  for (let at = 0; at < 999; at += 1) by(`client-${at}`).add('bus', 1);
  expect(first.isNew('bus', 1)).toBe(0);
  by('one more').add('bus', 1);
  expect([first.isNew('bus', 1), by('client-0').isNew('bus', 1)]).toEqual([1, 0]);
});

test('a client that adds nothing for a while takes no memory from others', () => {
  const { clock, by } = open(100);
  for (let at = 0; at < 100; at += 1) by('gone').add('bus', at);
  clock.ms += RECENT_MS;
  const { isNew, add } = by('here');
  for (let at = 0; at < 100; at += 1) add('bus', at);
  expect(isNew('bus', ...Array.from({ length: 100 }, (_, at) => at))).toBe(0);
});

test('a vehicle that goes on and on takes no more than its recent windows, also behind another one', () => {
  const { clock, by } = open(27);
  const [on, other] = [by('a'), by('b')];
  for (let window = 0; window < 200; window += 1) {
    if (window % 14 === 0) on.add('tram', window);
    on.add('bus', window);
    clock.ms += 1_000;
  }
  for (let window = 0; window < 10; window += 1) other.add('bus', window);
  on.add('bus', 200);
  expect(other.isNew('bus', ...Array.from({ length: 10 }, (_, window) => window))).toBe(0);
  expect(on.isNew('bus', ...Array.from({ length: 201 }, (_, window) => window))).toBe(201 - 15);
});

test('property: a window is remembered for the time from its first report, whatever else is reported', () => {
  const step = fc.record({
    client: fc.constantFrom('a', 'b'),
    vehicle: fc.constantFrom('bus', 'tram'),
    windows: fc.uniqueArray(fc.nat(4), { maxLength: 3 }),
    passesMs: fc.nat(RECENT_MS / 2),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = { ms: 1_000_000, now: () => clock.ms };
      const recent = new RecentWindows(clock, 1_000);
      const addedAtMs = new Map<string, number>();
      for (const { client, vehicle, windows, passesMs } of steps) {
        clock.ms += passesMs;
        const keyOf = (window: number) => `${client}/${vehicle}/${window}`;
        const isNew = (window: number) => {
          const atMs = addedAtMs.get(keyOf(window)) ?? Number.NEGATIVE_INFINITY;
          return clock.ms - atMs >= RECENT_MS;
        };
        const begun = recent.newOf(client, vehicle, windows);
        const asked = windows.length > 0 ? windows : [-1];
        expect(begun).toEqual(asked.filter(isNew));
        if (begun.length > 0) recent.add(client, vehicle, begun);
        for (const window of begun) addedAtMs.set(keyOf(window), clock.ms);
      }
    }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Floors, type Scope } from './floors.ts';
import { logAt, seenAt } from './tier.fixture.ts';

const ENTRY = { key: 'status:bus-1', tags: ['north', 'night'] };

test.each<[Scope, boolean]>([
  [{ key: 'status:bus-1' }, true],
  [{ key: 'status:bus-10' }, false],
  [{ key: 'status:bus' }, false],
  [{ tag: 'night' }, true],
  [{ tag: 'south' }, false],
  [{ prefix: 'status:' }, true],
  [{ prefix: 'status' }, false],
  [{ prefix: 'samples:' }, false],
  [{ all: true }, true],
])('a floor for %o concerns an entry: %s', (scope, concerns) => {
  const floors = new Floors(10);
  floors.raise(scope, logAt(5));
  expect(floors.allows(ENTRY, [logAt(4)])).toBe(!concerns);
  expect(floors.allows(ENTRY, [logAt(5)])).toBe(true);
  expect(floors.of(ENTRY, [logAt(4)])).toEqual(concerns ? [logAt(5)] : []);
});

test('each source has floors of its own, and a value must name those that it is below', () => {
  const floors = new Floors(10);
  floors.raise({ key: ENTRY.key }, logAt(5));
  floors.raise({ tag: 'north' }, seenAt(3));
  expect(floors.allows(ENTRY, [logAt(9), seenAt(2)])).toBe(false);
  expect(floors.allows(ENTRY, [logAt(9)])).toBe(false);
  expect(floors.allows(ENTRY, [logAt(9), seenAt(3)])).toBe(true);
});

test('a floor of all concerns what is read from its source, and one of invalidations everything', () => {
  const floors = new Floors(10);
  const other = { domain: 'log/1', epoch: 1, sequence: 1 };
  floors.raise({ all: true }, logAt(5));
  expect(floors.allows(ENTRY, [logAt(4), seenAt(3)])).toBe(false);
  expect(floors.allows(ENTRY, [other, seenAt(3)])).toBe(true);
  floors.raise({ all: true }, seenAt(4));
  expect(floors.allows(ENTRY, [other, seenAt(3)])).toBe(false);
  expect(floors.allows(ENTRY, [other])).toBe(false);
});

test('a later epoch is above every sequence of an earlier one', () => {
  const floors = new Floors(10);
  floors.raise({ key: ENTRY.key }, logAt(1, 2));
  expect(floors.allows(ENTRY, [logAt(900, 1)])).toBe(false);
  expect(floors.allows(ENTRY, [logAt(1, 2)])).toBe(true);
});

const anyScope: fc.Arbitrary<Scope> = fc.oneof(
  fc.nat(5).map((at) => ({ key: `status:${at}` })),
  fc.nat(2).map((at) => ({ tag: `t${at}` })),
  fc.constant({ prefix: 'status:' }),
  fc.constant({ all: true } as const),
);
const anyRaise = fc.tuple(anyScope, fc.nat(9));

test('with few places, also after a restart, nothing is allowed that a floor with all of them refuses', () => {
  fc.assert(
    fc.property(fc.array(anyRaise), fc.nat(3), fc.nat(5), fc.nat(9), (raises, places, entry, version) => {
      const [all, few] = [new Floors(1_000), new Floors(places)];
      for (const [scope, sequence] of raises) {
        all.raise(scope, logAt(sequence));
        few.raise(scope, logAt(sequence));
      }
      const guarded = { key: `status:${entry}`, tags: [`t${entry % 3}`] };
      const restarted = new Floors(1_000, JSON.parse(JSON.stringify(all.keep())));
      expect(restarted.allows(guarded, [logAt(version)])).toBe(all.allows(guarded, [logAt(version)]));
      if (few.allows(guarded, [logAt(version)])) expect(all.allows(guarded, [logAt(version)])).toBe(true);
    }),
  );
});

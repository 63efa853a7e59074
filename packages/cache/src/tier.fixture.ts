import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StoredEntry } from './entry-bytes.ts';
import type { Tier, WriteOutcome } from './tier.ts';
import { INVALIDATIONS, type Stamp, type Version } from './version.ts';

export const HOUR_MS = 3_600_000;

export const logAt = (sequence: number, epoch = 1): Stamp => ({ domain: 'log/0', epoch, sequence });
export const seenAt = (sequence: number): Stamp => ({ domain: INVALIDATIONS, epoch: 1, sequence });

/** An entry that was read at a position of the log, after a number of invalidations. */
export function entryAt(sequence: number, seen = 0, more: Partial<StoredEntry> = {}): StoredEntry {
  return {
    ...{ value: Buffer.from(`value ${sequence}`), version: [logAt(sequence), seenAt(seen)], tags: ['north'] },
    ...{ writer: 'load', ageMs: 0, freshMs: HOUR_MS, servedMs: HOUR_MS, keptMs: HOUR_MS },
    ...more,
  };
}

/** A tier of its own for each test. Its keys may be shared with others, so each test has its own. */
export type OpenTier = () => Promise<{ readonly tier: Tier } & AsyncDisposable>;

interface Write {
  readonly write: number;
  readonly seen: number;
}

type Step = Write | { readonly floor: Stamp };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ write: fc.nat(8), seen: fc.nat(8) }),
  fc.nat(8).map((sequence) => ({ floor: logAt(sequence) })),
  fc.nat(8).map((sequence) => ({ floor: seenAt(sequence) })),
);

/** What every tier must hold, whatever it is made of. */
export function describeTier(name: string, open: OpenTier): void {
  describe(`${name} as a tier`, () => {
    test('what is written is read, with all that it says', async () => {
      await using opened = await open();
      const entry = entryAt(5, 2, {
        ageMs: 40,
        freshMs: 1_000,
        servedMs: 2_000,
        tags: ['a', 'b'],
        writer: 'feed',
      });
      expect(await opened.tier.write('k', entry)).toBe('stored');
      const [found] = await opened.tier.read(['k']);
      expect(found?.entry).toEqual({ ...entry, value: Buffer.from('value 5') });
      expect(found?.ageMs).toBeLessThan(5_000);
    });

    test('what the source does not have is an entry too', async () => {
      await using opened = await open();
      await opened.tier.write('k', entryAt(5, 0, { value: undefined }));
      expect((await opened.tier.read(['k']))[0]?.entry).toMatchObject({
        value: undefined,
        version: [logAt(5), seenAt(0)],
      });
    });

    test.each([0, 1, 1_023, 1_024, 70_000, 300_000])(
      'a value of %i bytes comes back as it was',
      async (size) => {
        await using opened = await open();
        const values = [
          Buffer.alloc(size, 'abc'),
          Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919) % 251)),
        ];
        for (const [at, value] of values.entries()) {
          await opened.tier.write(`k${at}`, entryAt(1, 0, { value }));
          expect(Buffer.from((await opened.tier.read([`k${at}`]))[0]?.entry.value ?? []).equals(value)).toBe(
            true,
          );
        }
      },
    );

    test('many keys are read at once, each with its own entry or none', async () => {
      await using opened = await open();
      for (const at of [1, 3]) await opened.tier.write(`k${at}`, entryAt(at));
      const found = await opened.tier.read(['k0', 'k1', 'k2', 'k3']);
      expect(found.map((each) => each?.entry.value?.toString())).toEqual([
        undefined,
        'value 1',
        undefined,
        'value 3',
      ]);
    });

    test('of many writes at once, each has its own outcome', async () => {
      await using opened = await open();
      const keys = Array.from({ length: 20 }, (_, at) => `k${at}`);
      await opened.tier.raise('k3', [logAt(6)]);
      await opened.tier.write('k17', entryAt(9));
      const outcomes = await Promise.all(keys.map((key) => opened.tier.write(key, entryAt(5))));
      expect(outcomes).toEqual(keys.map((key) => ({ k3: 'below', k17: 'older' })[key] ?? 'stored'));
      const found = await opened.tier.read(keys);
      const others = new Map([
        ['k3', undefined],
        ['k17', 'value 9'],
      ]);
      expect(found.map((each) => each?.entry.value?.toString())).toEqual(
        keys.map((key) => (others.has(key) ? others.get(key) : 'value 5')),
      );
    });

    test('of one key, what is asked for in one turn holds whatever comes first', async () => {
      await using opened = await open();
      const { tier } = opened;
      expect(await Promise.all([tier.write('k', entryAt(5)), tier.write('k', entryAt(4))])).toEqual([
        'stored',
        'older',
      ]);
      await Promise.all([tier.write('k', entryAt(6)), tier.raise('k', [logAt(7)])]);
      expect(await tier.read(['k'])).toEqual([undefined]);
      await Promise.all([tier.raise('k', [logAt(9)]), tier.write('k', entryAt(8))]);
      expect(await tier.read(['k'])).toEqual([undefined]);
      expect(await tier.write('k', entryAt(9))).toBe('stored');
    });

    test('an older value is refused, one of the same version is not, and neither is one of a later epoch', async () => {
      await using opened = await open();
      expect(await opened.tier.write('k', entryAt(5))).toBe('stored');
      expect(await opened.tier.write('k', entryAt(4))).toBe('older');
      expect(await opened.tier.write('k', entryAt(5))).toBe('stored');
      expect(await opened.tier.write('k', entryAt(0, 0, { version: [logAt(1, 2), seenAt(0)] }))).toBe(
        'stored',
      );
      expect(await opened.tier.write('k', entryAt(9))).toBe('older');
    });

    test('an entry below a floor leaves, and none below it comes back', async () => {
      await using opened = await open();
      await opened.tier.write('k', entryAt(5));
      await opened.tier.raise('k', [logAt(6)]);
      expect(await opened.tier.read(['k'])).toEqual([undefined]);
      expect(await opened.tier.write('k', entryAt(5))).toBe('below');
      expect(await opened.tier.write('k', entryAt(6))).toBe('stored');
    });

    test('an entry above a floor stays, and the floor holds for what comes later', async () => {
      await using opened = await open();
      await opened.tier.write('k', entryAt(5, 3));
      await opened.tier.raise('k', [seenAt(2)]);
      expect((await opened.tier.read(['k']))[0]?.entry.version).toEqual([logAt(5), seenAt(3)]);
      expect(await opened.tier.write('k', entryAt(6, 1))).toBe('below');
      expect(await opened.tier.write('k', entryAt(6, 2))).toBe('stored');
    });

    test('a value that does not name the source of a floor is below it', async () => {
      await using opened = await open();
      await opened.tier.raise('k', [{ domain: 'log/7', epoch: 1, sequence: 1 }]);
      expect(await opened.tier.write('k', entryAt(9))).toBe('below');
    });

    test('writes and floors in any order: never a value below a floor, and never an older one than was held', async () => {
      await using opened = await open();
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { maxLength: 12 }), async (steps) => {
          runs += 1;
          const key = `run ${runs}`;
          const model = new TierModel();
          for (const step of steps) {
            if ('floor' in step) await opened.tier.raise(key, [step.floor]);
            else
              expect(await opened.tier.write(key, entryAt(step.write, step.seen))).toBe(
                model.outcomeOf(step),
              );
            model.take(step);
            const [found] = await opened.tier.read([key]);
            expect(found?.entry.version).toEqual(model.version());
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

/** What a key of a tier must hold. */
class TierModel {
  #log = 0;
  #seen = 0;
  #held: Write | undefined;

  outcomeOf({ write, seen }: Write): WriteOutcome {
    if (write < this.#log || seen < this.#seen) return 'below';
    return this.#held && write < this.#held.write ? 'older' : 'stored';
  }

  take(step: Step): void {
    if ('write' in step) {
      if (this.outcomeOf(step) === 'stored') this.#held = step;
      return;
    }
    const { domain, sequence } = step.floor;
    if (domain === INVALIDATIONS) this.#seen = Math.max(this.#seen, sequence);
    else this.#log = Math.max(this.#log, sequence);
    if (this.#held && this.outcomeOf(this.#held) === 'below') this.#held = undefined;
  }

  version(): Version | undefined {
    return this.#held && [logAt(this.#held.write), seenAt(this.#held.seen)];
  }
}

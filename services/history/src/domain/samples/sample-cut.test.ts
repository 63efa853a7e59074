import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { mergeSignals } from '@odograph/projections/signal-merge';
import { anySignals } from '@odograph/projections/vehicle-events.arbitrary';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut, weightOf } from './sample-cut.ts';

const limits = { samples: 4, weight: 60, pieces: 3 };

const anySamples = fc.array(
  fc.nat({ max: 80 }).map((length): RecordedSample => {
    return { observedAtMs: length, reportId: 'a', signals: { 'Vehicle.Text': 'x'.repeat(length) } };
  }),
);

const weightOfAll = (samples: readonly RecordedSample[]) =>
  samples.reduce((sum, sample) => sum + weightOf(sample), 0);

function isWithin(block: readonly RecordedSample[]): boolean {
  return block.length === 1 || (block.length <= limits.samples && weightOfAll(block) <= limits.weight);
}

describe('the cut of samples', () => {
  test('keeps all samples in order, and its limits except for a single sample over them', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        const blocks = cut(samples, limits);
        expect(blocks.flat()).toEqual(samples);
        expect(blocks.every(isWithin)).toBe(true);
      }),
    );
  });

  test('starts a new block only if the one before has no room', () => {
    fc.assert(
      fc.property(anySamples, (samples) => {
        const blocks = cut(samples, limits);
        for (const [at, block] of blocks.slice(1).entries()) {
          expect(isWithin([...(blocks[at] ?? []), block[0] as RecordedSample])).toBe(false);
        }
      }),
    );
  });

  test('goes on from its last block as if it had never stopped', () => {
    fc.assert(
      fc.property(anySamples, anySamples, (first, second) => {
        const before = cut(first, limits);
        const after = cut([...(before.at(-1) ?? []), ...second], limits);
        expect([...before.slice(0, -1), ...after]).toEqual(cut([...first, ...second], limits));
      }),
    );
  });
});

test('a merge never reduces the weight of a sample, so samples only move to later blocks', () => {
  const weigh = (signals: RecordedSample['signals']) => weightOf({ observedAtMs: 0, reportId: 'a', signals });
  fc.assert(
    fc.property(fc.array(anySignals, { minLength: 1 }), anySignals, ([first = {}, ...others], more) => {
      const merged = others.reduce(mergeSignals, first);
      expect(weigh(mergeSignals(merged, more))).toBeGreaterThanOrEqual(weigh(merged));
    }),
  );
});

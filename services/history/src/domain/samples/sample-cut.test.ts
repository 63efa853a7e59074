import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BlockMeasures, SampleCut } from './sample-cut.ts';

const limits = { blockSamples: 4, blockWeight: 20, documentBlocks: 3, documentWeight: 45 };
const anyWeights = fc.array(fc.integer({ min: 1, max: 50 }).map((weight) => Math.ceil(weight ** 3 / 2500)));

/** Weights by document and block. */
function cut(weights: readonly number[]): number[][][] {
  const sampleCut = new SampleCut(limits);
  const documents: number[][][] = [];
  for (const weight of weights) {
    const placement = sampleCut.add(weight);
    if (placement === 'new document') documents.push([]);
    if (placement !== 'same block') documents.at(-1)?.push([]);
    documents.at(-1)?.at(-1)?.push(weight);
  }
  return documents;
}

const sum = (weights: readonly number[]) => weights.reduce((total, weight) => total + weight, 0);

function isBlockWithin(block: readonly number[]): boolean {
  return block.length <= 1 || (block.length <= limits.blockSamples && sum(block) <= limits.blockWeight);
}

function isDocumentWithin(blocks: readonly (readonly number[])[]): boolean {
  const weights = blocks.flat();
  return (
    weights.length <= 1 || (blocks.length <= limits.documentBlocks && sum(weights) <= limits.documentWeight)
  );
}

function measuresOf(block: readonly number[]): BlockMeasures {
  return { count: block.length, weight: sum(block), head: block[0] as number };
}

describe('the cut of samples', () => {
  test('keeps its limits, except for a single sample over them', () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        const documents = cut(weights);
        expect(documents.flat(2)).toEqual(weights);
        expect(documents.every(isDocumentWithin)).toBe(true);
        expect(documents.flat().every(isBlockWithin)).toBe(true);
      }),
    );
  });

  test('starts a new block or document only if the open one is full', () => {
    fc.assert(
      fc.property(anyWeights, (weights) => {
        const documents = cut(weights);
        for (const [at, document] of documents.slice(0, -1).entries()) {
          const [last, next] = [
            document.at(-1) as number[],
            (documents[at + 1] as number[][])[0]?.[0] as number,
          ];
          const withNext = isBlockWithin([...last, next])
            ? [...document.slice(0, -1), [...last, next]]
            : [...document, [next]];
          expect(isDocumentWithin(withNext)).toBe(false);
        }
      }),
    );
  });

  test('adds one of its own blocks as it would add each of its samples', () => {
    fc.assert(
      fc.property(anyWeights, fc.nat(), (weights, kept) => {
        const blocks = cut(weights).flatMap((document) =>
          document.map((block, at) => ({ block, isFirst: at === 0 })),
        );
        const [opaque, open] = [new SampleCut(limits), new SampleCut(limits)];
        for (const { block, isFirst } of blocks.slice(0, kept % (blocks.length + 1))) {
          expect(opaque.addBlock(measuresOf(block))).toBe(isFirst ? 'new document' : 'new block');
          for (const weight of block) open.add(weight);
        }
        for (const weight of [1, 30, 2, 19, 5, 5, 5]) expect(opaque.add(weight)).toBe(open.add(weight));
      }),
    );
  });

  test.each([
    [
      'follows a block that is not full',
      [
        { count: 1, weight: 1, head: 1 },
        { count: 1, weight: 19, head: 19 },
      ],
    ],
    ['has too many samples', [{ count: 5, weight: 5, head: 1 }]],
    ['is too heavy', [{ count: 2, weight: 21, head: 1 }]],
    ['makes its document too heavy', [20, 20, 18].map((weight) => ({ count: 4, weight, head: 1 }))],
  ])('refuses a block that %s', (_, blocks) => {
    const sampleCut = new SampleCut(limits);
    const placements = blocks.map((block) => sampleCut.addBlock(block));
    expect(placements.at(-1)).toBeUndefined();
    expect(placements.slice(0, -1)).not.toContain(undefined);
  });
});

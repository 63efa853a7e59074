import type { RecordedSample } from './recorded-sample.ts';
import { SampleCut, weightOf } from './sample-cut.ts';
import { type SampleDocument, type StoredBlock, samplesOf, toBlock, toDocument } from './sample-document.ts';
import { settle } from './sample-set.ts';

/**
 * The documents of a window once more samples have come to it: those of the whole set, cut anew.
 * Blocks before the first that is touched stay as they are, undecoded; a document of which nothing changed stays the same object.
 * @param loose in order, each place once
 */
export function pack(documents: readonly SampleDocument[], loose: readonly RecordedSample[]): readonly SampleDocument[] {
  const blocks = documents.flatMap((document) => document.blocks);
  const kept = blocks.slice(0, countKept(blocks, loose[0]));
  const touched = blocks.slice(kept.length).flatMap((block) => samplesOf(block));
  const packer = new Packer();
  for (const block of kept) packer.addBlock(block);
  for (const sample of settle([...touched, ...loose])) packer.addSample(sample);
  ...
}

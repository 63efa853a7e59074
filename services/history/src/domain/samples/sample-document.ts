import type { DocumentBody } from '@odograph/kernel/projection';
import { corruptDocument } from '@odograph/projections/corrupt-document';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import {
  type BlockToRead,
  isAnyBlock,
  isBlock,
  type SampleBlock,
  samplesOf,
  toBlock,
} from './sample-block.ts';
import { type CutLimits, cut, weightOf } from './sample-cut.ts';
import { sortAndMerge } from './sample-set.ts';

/** The first document of a window: the samples that do not fill a block yet, in order of arrival. */
export type OpenDocument = {
  /** The number of full blocks, each in a document of its own after this one. */
  readonly full: number;
  /** What came from flush to flush, as small blocks that are neither sorted nor merged. */
  readonly pieces: readonly SampleBlock[];
};

export const EMPTY: OpenDocument = { full: 0, pieces: [] };

/** What new samples change in the documents of a window. */
interface Packed {
  readonly open: OpenDocument;
  /** The blocks that are full now, sorted by key and without duplicates: one more document each, made when it is taken. */
  readonly filled: Iterable<SampleBlock>;
}

/**
 * Adds new samples in order of arrival. They become one more piece, until the pieces fill a block.
 * A full block is never decoded or changed again. The log alone says which samples it has, not how the log is cut into
 * flushes, so a flush that is repeated after a crash writes the same full blocks.
 */
export function pack(open: OpenDocument, loose: readonly RecordedSample[], limits: CutLimits): Packed {
  const { full, pieces } = open;
  if (loose.length === 0) return { open, filled: [] };
  if (pieces.length < limits.pieces && fitsOneBlock(pieces, loose, limits))
    return { open: { full, pieces: [...pieces, toBlock(loose)] }, filled: [] };
  const arrived = [...pieces.flatMap((piece) => samplesOf(piece)), ...loose];
  const blocks = cut(arrived, limits);
  const rest = blocks.at(-1) as readonly RecordedSample[];
  const filled = blocks.slice(0, -1);
  return { open: { full: full + filled.length, pieces: [toBlock(rest)] }, filled: toBlocks(filled) };
}

function* toBlocks(groups: readonly (readonly RecordedSample[])[]): Generator<SampleBlock, void> {
  for (const samples of groups) yield toBlock(sortAndMerge(samples));
}

function fitsOneBlock(
  pieces: readonly SampleBlock[],
  loose: readonly RecordedSample[],
  limits: CutLimits,
): boolean {
  const count = pieces.reduce((sum, piece) => sum + piece.count, loose.length);
  if (count > limits.samples) return false;
  const weight = loose.reduce((sum, sample) => sum + weightOf(sample), 0);
  return pieces.reduce((sum, piece) => sum + piece.weight, weight) <= limits.weight;
}

/**
 * The first document and the full blocks of a window's stored documents; the same objects.
 * The first one is missing if the first flush of the window crashed before it wrote it.
 * @throws {Fault} CORRUPT_LOG if one of them has another form.
 */
export function asDocuments(
  documents: readonly DocumentBody[],
): [OpenDocument, readonly (SampleBlock | BlockToRead)[]] {
  const [first, ...others] = documents;
  const [open, blocks] = isOpenDocument(first) ? [first, others] : [EMPTY, documents];
  if (!blocks.every(isAnyBlock)) {
    throw corruptDocument('samples', 'a stored document of samples is not in the expected form');
  }
  return [open, blocks];
}

function isOpenDocument(body: DocumentBody | undefined): body is OpenDocument {
  const { full, pieces } = (body ?? {}) as Partial<OpenDocument>;
  return Number.isSafeInteger(full) && Array.isArray(pieces) && pieces.every(isBlock);
}

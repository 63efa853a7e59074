import { Fault } from '@odograph/kernel/fault';
import type { Projection } from '@odograph/kernel/projection';
import { reportIn } from '@odograph/kernel/vehicle-event';
import { POISON_SPEED } from './totals.fixture.ts';

/** The slices of these projections: a report changes one of them, by its speed. */
export const KEYS = ['a', 'b', 'c'];

export const keyOfSpeed = (speedKmh: number): string => KEYS[speedKmh % KEYS.length] as string;

/** The ids of the reports of a slice, in order: an event that is folded twice, never or too late shows. */
export interface Ids {
  readonly ids: string[];
}

/** One document a slice, as for a status. It cannot apply one speed. */
export const idsProjection: Projection<Ids> = {
  name: 'ids',
  version: 1,
  read(event) {
    const report = reportIn(event);
    const speed = Number(report?.samples[0]?.signals['speed_kmh']);
    if (speed === POISON_SPEED) throw new Fault('CORRUPT_LOG', 'cannot add 666');
    return {
      keys: report ? [keyOfSpeed(speed)] : [],
      applyTo: ({ ids }) => void ids.push(report?.reportId ?? ''),
    };
  },
  initial: () => ({ ids: [] }),
  copy: ({ ids }) => ({ ids: [...ids] }),
  toDocuments: ({ ids }) => [{ ids: [...ids] }],
  fromDocuments: (_subject, _key, [document]) => ({ ids: [...(document as unknown as Ids).ids] }),
};

/** The set of these ids, in a document that is open and blocks that are full. */
export interface Blocks {
  readonly open: string[];
  /** The number of full blocks that are stored. */
  readonly full: number;
  /** Those that were read: all to answer from, none to fold into. */
  readonly blocks: readonly (readonly string[])[];
}

const BLOCK = 2;

/** Several documents a slice, as for samples: a full block is written once. A document that is found twice counts once. */
export const blocksProjection: Projection<Blocks> = {
  name: 'blocks',
  version: 1,
  read(event) {
    const report = reportIn(event);
    return {
      keys: report ? [keyOfSpeed(Number(report.samples[0]?.signals['speed_kmh']))] : [],
      applyTo: ({ open }) => void open.push(report?.reportId ?? ''),
    };
  },
  initial: () => ({ open: [], full: 0, blocks: [] }),
  copy: (slice) => ({ ...slice, open: [...slice.open] }),
  toDocuments({ open, full }) {
    const count = Math.floor(open.length / BLOCK);
    const filled = Array.from({ length: count }, (_, at) => ({
      ids: open.slice(at * BLOCK, (at + 1) * BLOCK),
    }));
    const stored = Array.from({ length: full }, () => undefined);
    return [{ ids: open.slice(count * BLOCK), full: full + count }, ...stored, ...filled];
  },
  fromDocuments(_subject, _key, documents) {
    const all = documents as unknown as readonly { ids: readonly string[]; full?: number }[];
    const first = all.find(({ full }) => full !== undefined);
    return {
      open: [...(first?.ids ?? [])],
      full: first?.full ?? 0,
      blocks: all.filter((document) => document !== first).map(({ ids }) => ids),
    };
  },
};

/** Equal for slices with the same answer. */
export function shown(slice: Ids | Blocks | undefined): string | undefined {
  if (!slice) return undefined;
  if ('ids' in slice) return JSON.stringify(slice.ids);
  return JSON.stringify([...new Set([...slice.blocks.flat(), ...slice.open])].sort());
}

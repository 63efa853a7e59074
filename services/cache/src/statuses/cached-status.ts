import type { CachedType } from '@odograph/cache/cached-type';
import { POLICIES } from '@odograph/cache/policies';
import type { Position } from '@odograph/kernel/position';
import type { StatusSlice } from '@odograph/projections/status-slice';
import { decodeState, encodeState } from '@odograph/projections/status-state';
import { SHARES } from '../kept/shares.ts';

/** A status in the cache: what the next event is folded into. */
export interface CachedStatus {
  readonly slice: StatusSlice;
  /** Where an event could not be applied: then history alone knows how it goes on. */
  readonly parkedAt: Position | undefined;
}

export const statusType: CachedType<CachedStatus> = {
  name: 'status',
  policy: POLICIES.status,
  share: SHARES.status,
  codec: { encode, decode, bytesOf },
};

/** A line with the position at which it is parked, then the state. */
function encode({ slice, parkedAt }: CachedStatus): Uint8Array {
  const state = encodeState(slice) ?? new Uint8Array();
  return Buffer.concat([Buffer.from(`${parkedAt ? JSON.stringify(parkedAt) : ''}\n`), state]);
}

function decode(bytes: Uint8Array): CachedStatus {
  const end = bytes.indexOf(NEW_LINE);
  const head = Buffer.from(bytes.subarray(0, end)).toString();
  return {
    slice: decodeState(bytes.subarray(end + 1)),
    parkedAt: head === '' ? undefined : (JSON.parse(head) as Position),
  };
}

const NEW_LINE = 10;

/** Of a slice without signals, and of a signal with its reading. Measured with the statuses of 10,000 vehicles. */
const SLICE_BYTES = 500;
const SIGNAL_BYTES = 150;

function bytesOf({ slice }: CachedStatus): number {
  let bytes = SLICE_BYTES;
  for (const [name, { value }] of slice.latest) {
    bytes += SIGNAL_BYTES + name.length;
    if (typeof value === 'string') bytes += value.length;
  }
  return bytes;
}

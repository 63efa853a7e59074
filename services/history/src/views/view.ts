import type { Position } from '@odograph/kernel/position';
import type { Parked } from './checkpoints.ts';

/** A vehicle's slices at a position. They may be shared with other callers: do not change them. */
export interface View<S> {
  /** The requested slices, by key, in order of the key. */
  readonly slices: ReadonlyMap<string, S>;
  /** The vehicle has no other slice up to this key, inclusive. */
  readonly through: string;
  /** The view includes the vehicle's partition up to this envelope, inclusive. */
  readonly position: Position;
  readonly parked: Parked | undefined;
}

/** One slice of a vehicle at a position. */
export interface SubjectView<S> extends Pick<View<S>, 'position' | 'parked'> {
  readonly subject: string;
  /** Undefined if the vehicle does not have it. */
  readonly slice: S | undefined;
}

/** A range of slice keys, inclusive. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

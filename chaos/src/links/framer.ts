/** Which way a frame goes: from whoever connected, or back to it. */
export type Direction = 'request' | 'reply';

/** Cuts one direction of one connection into frames. */
export interface Framer<F> {
  /** Takes what arrived, and gives the frames that are whole now. Throws a Fault INVALID_INPUT on bytes that are none. */
  push(chunk: Buffer): readonly F[];
  /** The beginning of a frame that will not be whole: takes it out. */
  rest(): Buffer;
}

/** Both directions of one connection; they share what a reply needs to know of its request. */
export type Framers<F> = Readonly<Record<Direction, Framer<F>>>;

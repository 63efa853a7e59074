/** The direction of a frame: a request comes from the process that connected, a reply goes back to it. */
export type Direction = 'request' | 'reply';

/** Splits one direction of one connection into frames. */
export interface Framer<F> {
  /** Takes a chunk and returns the frames that are now complete. Throws a Fault INVALID_INPUT on invalid bytes. */
  push(chunk: Buffer): readonly F[];
  /** Removes and returns the bytes of an incomplete frame. */
  rest(): Buffer;
}

/** Both directions of one connection; a reply is matched with its request. */
export type Framers<F> = Readonly<Record<Direction, Framer<F>>>;

/** @param next takes the first frame out of the bytes; undefined while it is incomplete. */
export function createFramer<F>(next: (arrived: ByteQueue) => F | undefined): Framer<F> {
  const arrived = new ByteQueue();
  return {
    push(chunk) {
      arrived.push(chunk);
      const frames: F[] = [];
      for (let frame = next(arrived); frame; frame = next(arrived)) frames.push(frame);
      return frames;
    },
    rest: () => arrived.take(arrived.length),
  };
}

/** Bytes that arrive in chunks and leave in frames; each byte is copied at most a fixed number of times. */
export class ByteQueue {
  #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** At least the first `count` bytes in one buffer. They stay in the queue. */
  peek(count: number): Buffer {
    const [first] = this.#chunks;
    if (first && first.length >= count) return first;
    let [taken, bytes] = [0, 0];
    for (; bytes < count && taken < this.#chunks.length; taken += 1)
      bytes += this.#chunks[taken]?.length ?? 0;
    const piece = Buffer.concat(this.#chunks.slice(0, taken), bytes);
    this.#chunks.splice(0, taken, piece);
    return piece;
  }

  /** Removes the first `count` bytes. The queue must have that many. */
  take(count: number): Buffer {
    if (count === 0) return Buffer.alloc(0);
    const piece = this.peek(count);
    if (piece.length === count) this.#chunks.shift();
    else this.#chunks[0] = piece.subarray(count);
    this.#length -= count;
    return piece.subarray(0, count);
  }
}

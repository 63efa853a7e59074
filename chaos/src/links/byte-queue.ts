/** Bytes that arrived in chunks and leave in frames; each byte is copied a fixed number of times at most. */
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

  /** The first `count` bytes in one piece, and whatever lies behind them in that piece; they stay. */
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

  /** Takes the first `count` bytes; there must be as many. */
  take(count: number): Buffer {
    if (count === 0) return Buffer.alloc(0);
    const piece = this.peek(count);
    if (piece.length === count) this.#chunks.shift();
    else this.#chunks[0] = piece.subarray(count);
    this.#length -= count;
    return piece.subarray(0, count);
  }
}

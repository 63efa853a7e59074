/** The bytes before each gRPC message: whether it is compressed, and its length in four bytes. */
const HEAD_BYTES = 5;

/**
 * What a chunk costs beside its bytes: Node keeps an object for each, and a caller decides how small they are.
 * A message that comes byte by byte counts 128 times.
 */
const CHUNK_COST = 128;

/** The least that chunks have on average, beside the first ones. TCP segments have 536 bytes or more. */
export const MIN_CHUNK_BYTES = 64;
export const FREE_CHUNKS = 64;

/** Follows the gRPC messages in a stream of bytes, beside grpc-js, which tells nothing of a message before it is complete. */
export class MessageMeter {
  /** What the unfinished message holds, in bytes; 0 between messages. */
  held = 0;
  #chunks = 0;
  #headBytes = 0;
  #length = 0;
  /** Bytes of the message that are still to come. */
  #missing = 0;

  /** Whether it comes in smaller pieces than any client and any network makes. */
  get isFragmented(): boolean {
    const bytes = this.held - this.#chunks * CHUNK_COST;
    return this.#chunks > FREE_CHUNKS + bytes / MIN_CHUNK_BYTES;
  }

  add(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) at = this.#missing > 0 ? this.#skip(chunk, at) : this.#readHead(chunk, at);
    const isBetween = this.#missing === 0 && this.#headBytes === 0;
    this.held = isBetween ? 0 : this.held + chunk.length + CHUNK_COST;
    this.#chunks = isBetween ? 0 : this.#chunks + 1;
  }

  #skip(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#missing, chunk.length - at);
    this.#missing -= taken;
    this.#endIfWhole();
    return at + taken;
  }

  #readHead(chunk: Uint8Array, at: number): number {
    if (this.#headBytes > 0) this.#length = this.#length * 256 + (chunk[at] as number);
    this.#headBytes += 1;
    if (this.#headBytes === HEAD_BYTES) {
      this.#missing = this.#length;
      [this.#headBytes, this.#length] = [0, 0];
      this.#endIfWhole();
    }
    return at + 1;
  }

  #endIfWhole(): void {
    if (this.#missing === 0) [this.held, this.#chunks] = [0, 0];
  }
}

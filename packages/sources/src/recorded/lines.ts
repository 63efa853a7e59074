const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** The longest line that is read. A report may have 256 KiB on the wire, and its text is longer. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** A line of a text file, numbered from 1, or why it cannot be read. */
export type Line =
  | { readonly row: number; readonly text: string }
  | { readonly row: number; readonly unreadable: string };

/**
 * Splits bytes into lines, which end with LF, CR LF, or CR as in old spreadsheets. A line that is too long or not UTF-8 does not affect the others, and empty lines are skipped.
 * Holds at most a chunk and one line.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  const cutter = new LineCutter(maxBytes);
  for await (const chunk of chunks) yield* cutter.push(chunk);
  yield* cutter.end();
}

class LineCutter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #row = 0;
  #open: Uint8Array[] = [];
  #openBytes = 0;
  /** The byte that ended the line before. */
  #lastEnd: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  *push(chunk: Uint8Array): Generator<Line> {
    let from = 0;
    for (const at of lineEnds(chunk)) {
      this.#hold(chunk.subarray(from, at));
      const end = chunk[at];
      const isWithLast = end === LINE_FEED && this.#lastEnd === CARRIAGE_RETURN && this.#openBytes === 0;
      if (!isWithLast) yield* this.#close();
      this.#lastEnd = end;
      from = at + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  *end(): Generator<Line> {
    if (this.#openBytes > 0) yield* this.#close();
  }

  #hold(bytes: Uint8Array): void {
    this.#openBytes += bytes.length;
    if (this.#openBytes > this.#maxBytes) this.#open = [];
    else if (bytes.length > 0) this.#open.push(bytes);
  }

  *#close(): Generator<Line> {
    this.#row += 1;
    const [pieces, bytes, row] = [this.#open, this.#openBytes, this.#row];
    this.#open = [];
    this.#openBytes = 0;
    if (bytes > this.#maxBytes) {
      yield { row, unreadable: `the line has ${bytes} bytes, the maximum is ${this.#maxBytes}` };
      return;
    }
    const text = this.#decode(pieces);
    if (text === undefined) yield { row, unreadable: 'the line is not UTF-8 text' };
    else if (text.trim() !== '') yield { row, text };
  }

  #decode(pieces: readonly Uint8Array[]): string | undefined {
    try {
      return this.#decoder.decode(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces));
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }
}

/** Where the bytes are that end a line. */
function* lineEnds(chunk: Uint8Array): Generator<number> {
  const next = (byte: number, from: number) => {
    const at = chunk.indexOf(byte, from);
    return at < 0 ? chunk.length : at;
  };
  let [feed, carriage] = [next(LINE_FEED, 0), next(CARRIAGE_RETURN, 0)];
  while (Math.min(feed, carriage) < chunk.length) {
    yield Math.min(feed, carriage);
    if (feed < carriage) feed = next(LINE_FEED, feed + 1);
    else carriage = next(CARRIAGE_RETURN, carriage + 1);
  }
}

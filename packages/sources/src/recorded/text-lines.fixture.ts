import { type Line, readLines } from './lines.ts';

/** The lines of a file with these texts. */
export async function* textLines(lines: readonly string[]): AsyncGenerator<Line> {
  async function* bytes() {
    yield new TextEncoder().encode(lines.join('\n'));
  }
  yield* readLines(bytes());
}

import { type Line, readLines } from './lines.ts';

/** The lines as a file with them would give them. */
export async function* textLines(lines: readonly string[]): AsyncGenerator<Line> {
  async function* bytes() {
    yield new TextEncoder().encode(lines.join('\n'));
  }
  yield* readLines(bytes());
}

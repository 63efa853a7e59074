import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, readLines } from './lines.ts';

async function linesOf(chunks: readonly Uint8Array[], maxBytes?: number): Promise<Line[]> {
  async function* stream() {
    yield* chunks;
  }
  return Array.fromAsync(readLines(stream(), maxBytes));
}

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('lines of a file', () => {
  it('are numbered from 1; empty ones are counted and skipped', async () => {
    expect(await linesOf([utf8('a\r\n\n  \nb')])).toEqual([
      { row: 1, text: 'a' },
      { row: 4, text: 'b' },
    ]);
  });

  it('end with LF, CR LF or CR', async () => {
    expect(await linesOf([utf8('a\rb\r\rc\r\n\r\nd\n\re')])).toEqual([
      { row: 1, text: 'a' },
      { row: 2, text: 'b' },
      { row: 4, text: 'c' },
      { row: 6, text: 'd' },
      { row: 8, text: 'e' },
    ]);
  });

  it('are the same for any split of the bytes into chunks', async () => {
    const text = utf8('é,1\nzwei\r\n\n\r\r\n🚗\rend\n');
    const whole = await linesOf([text]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: text.length })), async (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const chunks = edges.slice(1).map((to, at) => text.subarray(edges[at], to));
        expect(await linesOf(chunks)).toEqual(whole);
      }),
    );
  });

  it('that are too long or not UTF-8 do not affect the others', async () => {
    const bytes = new Uint8Array([...utf8('good\n'), 0xff, 0xfe, 0x0a, ...utf8(`${'x'.repeat(50)}\nlast`)]);
    expect(await linesOf([bytes.subarray(0, 20), bytes.subarray(20)], 40)).toEqual([
      { row: 1, text: 'good' },
      { row: 2, unreadable: 'the line is not UTF-8 text' },
      { row: 3, unreadable: 'the line has 50 bytes, the maximum is 40' },
      { row: 4, text: 'last' },
    ]);
  });

  it('lose a byte order mark', async () => {
    expect(await linesOf([new Uint8Array([0xef, 0xbb, 0xbf, ...utf8('drive,x')])])).toEqual([
      { row: 1, text: 'drive,x' },
    ]);
  });
});

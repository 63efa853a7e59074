import { expect, onTestFinished, test, vi } from 'vitest';
import { createProgress } from './progress.ts';

/** What is written on a stderr that is a terminal, or not. */
function watchStderr(isTTY: boolean) {
  const before = process.stderr.isTTY;
  process.stderr.isTTY = isTTY;
  const written: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  onTestFinished(() => {
    write.mockRestore();
    process.stderr.isTTY = before;
  });
  return written;
}

const SOURCE = { sizeBytes: 100, readBytes: () => 50 };

test('a line is printed below the bar, once that has ended', () => {
  const written = watchStderr(true);
  const progress = createProgress(SOURCE, true);
  progress.show(1);
  progress.note('line 7: no time');
  expect(written.join('')).not.toContain('line 7');
  progress.end();
  expect(written.at(-1)).toBe('line 7: no time\n');
});

test.each([
  ['without a terminal', false, true],
  ['if none is wanted', true, false],
])('there is no bar %s, and a line is printed at once', (_, isTTY, isWanted) => {
  const written = watchStderr(isTTY);
  const progress = createProgress(SOURCE, isWanted);
  progress.show(1);
  progress.note('line 7: no time');
  expect(written).toEqual(['line 7: no time\n']);
  progress.end();
});

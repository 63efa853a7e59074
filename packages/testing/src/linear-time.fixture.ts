import fc from 'fast-check';
import { expect } from 'vitest';

/** A unit over and over, between two other texts. */
interface Repetition {
  readonly head: string;
  readonly unit: string;
  readonly tail: string;
}

/** Short enough for 15 cells, or 10 texts of JSON with escapes, in a line. */
const TEXT_LENGTH = 50_000;

/** A text costs a few milliseconds of CPU. With one pattern that tries each split of a text of this length it is half a minute. */
const CPU_BUDGET_MS = 2_000;

/** What the patterns of times, numbers and names are made of, and what ends a match late. */
const part = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789.+-eE:TZ/ ",\\{[_aVx'), minLength: 1, maxLength });

const repetition = fc.record({ head: part(12), unit: part(4), tail: part(4) });

const LATE: readonly Repetition[] = [
  { head: '', unit: '0', tail: 'x' },
  { head: '-1.', unit: '0', tail: 'x' },
  { head: '1e', unit: '0', tail: 'x' },
  { head: '2026-11-21T10:00:00.', unit: '0', tail: 'x' },
  { head: '', unit: 'Z', tail: 'x' },
  { head: '', unit: 'a', tail: '\0' },
  { head: '', unit: ' ', tail: 'x' },
];

/** Fails if a work on a long text takes longer than in proportion to its length, whatever is in it. */
export async function expectLinearTime(
  work: (text: string) => unknown,
  examples: readonly Repetition[] = [],
): Promise<void> {
  const isInTime = async ({ head, unit, tail }: Repetition) => {
    const text = head + unit.repeat(TEXT_LENGTH / unit.length) + tail;
    expect(await cpuMsOf(() => work(text))).toBeLessThan(CPU_BUDGET_MS);
  };
  await fc.assert(fc.asyncProperty(repetition, isInTime), {
    ...{ numRuns: 25, examples: [...LATE, ...examples].map((each) => [each]) },
  });
}

/** CPU time of this thread, which other processes do not change. */
export async function cpuMsOf(run: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

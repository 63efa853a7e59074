import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Holder, judgeMemory, residentMib, untilBack } from './memory.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Resolves with what is broken, and after how many seconds. */
async function judged(...holders: readonly Holder[]) {
  const startedAtMs = performance.now();
  const broken = untilBack(holders);
  await vi.runAllTimersAsync();
  return { broken: await broken, seconds: (performance.now() - startedAtMs) / 1_000 };
}

/** A service that held 50 MiB at first and now holds one after the other of these. */
function holding(...mibs: readonly (number | Error)[]): Holder {
  const left = [...mibs];
  const liveMib = async () => {
    const next = (left.length > 1 ? left.shift() : left[0]) ?? 0;
    if (next instanceof Error) throw next;
    return next;
  };
  return { name: 'history-1', liveAtStart: 50, liveMib };
}

test('memory may reach its limit and not exceed it', () => {
  expect(judgeMemory(512, 512, 'rule')).toEqual([]);
  expect(judgeMemory(513, 512, 'rule')).toEqual([{ rule: 'rule', detail: '513 MiB, allowed 512 MiB' }]);
});

test('a service may hold 96 MiB more than at the start', async () => {
  expect(await judged(holding(146))).toEqual({ broken: [], seconds: 0 });
});

test('memory that comes back within a minute breaks no rule, and the wait ends then', async () => {
  expect(await judged(holding(300, 200, 147, 146))).toEqual({ broken: [], seconds: 3 });
});

test('memory that does not come back breaks a rule after a minute', async () => {
  const { broken, seconds } = await judged(holding(147), holding(10));
  const detail = '147 MiB, allowed 146 MiB';
  expect(broken).toEqual([{ rule: 'memory comes back within 60 s, history-1', detail }]);
  expect(seconds).toBe(61);
});

test('a service that is gone breaks the rule, and one that is started again need not', async () => {
  const gone = new Error('history-1 is not up');
  expect((await judged(holding(gone))).broken).toMatchObject([{ detail: 'Error: history-1 is not up' }]);
  expect((await judged(holding(gone, 60))).broken).toEqual([]);
});

test('the resident memory of a process is that of /proc, and 0 of one that is not up', () => {
  const mib = process.memoryUsage.rss() / 1024 ** 2;
  expect(residentMib(process.pid)).toBeGreaterThan(mib / 2);
  expect(residentMib(process.pid)).toBeLessThan(mib * 2);
  expect(residentMib(undefined)).toBe(0);
});

import { expect, test } from 'vitest';
import { Trouble } from './trouble.ts';

function openTrouble() {
  const lines: object[] = [];
  let nowMs = 1_000_000;
  const log = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, ...fields });
  const trouble = new Trouble({
    logger: { warn: log('warn'), info: log('info') },
    message: 'it is tried again',
    fields: { partition: 3 },
    clock: { now: () => nowMs },
  });
  const fail = (reason: string) => trouble.failed(new Error(reason));
  const wait = (ms: number) => {
    nowMs += ms;
  };
  return { trouble, lines, fail, wait };
}

test('a reason is logged once, then once a minute with how often it came', () => {
  const { lines, fail, wait } = openTrouble();
  for (let at = 0; at < 100; at += 1) {
    fail('away');
    wait(1_000);
  }
  expect(lines).toMatchObject([
    { level: 'warn', message: 'it is tried again', partition: 3, err: { message: 'away' } },
    { level: 'warn', repeated: 60, err: { message: 'away' } },
  ]);
  fail('full');
  expect(lines).toHaveLength(3);
});

test('a reason of which only a number changes is the same', () => {
  const { lines, fail, wait } = openTrouble();
  for (let seconds = 5; seconds < 60; seconds += 1) {
    fail(`no answer for ${seconds} s`);
    wait(1_000);
  }
  expect(lines).toHaveLength(1);
});

test('two reasons that take turns are each logged once a minute', () => {
  const { lines, fail, wait } = openTrouble();
  for (let at = 0; at < 59; at += 1) {
    fail(at % 2 ? 'away' : 'full');
    wait(1_000);
  }
  expect(lines).toHaveLength(2);
});

test('the wait doubles up to a maximum, and begins again after a success', () => {
  const { trouble, fail } = openTrouble();
  expect(Array.from({ length: 7 }, () => fail('away'))).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  trouble.succeeded();
  expect(fail('away')).toBe(200);
});

test('a success is logged once, and the reason is logged again afterwards', () => {
  const { trouble, lines, fail, wait } = openTrouble();
  trouble.succeeded();
  expect(lines).toEqual([]);
  fail('away');
  wait(5_000);
  fail('away');
  trouble.succeeded();
  trouble.succeeded();
  fail('away');
  expect(lines).toMatchObject([
    { level: 'warn' },
    { level: 'info', message: 'it succeeds again', was: 'it is tried again', failures: 2, forMs: 5_000 },
    { level: 'warn' },
  ]);
});

test('it knows since when it fails, and its last failure also when that is over', () => {
  const { trouble, fail, wait } = openTrouble();
  expect([trouble.sinceMs, trouble.last]).toEqual([undefined, undefined]);
  fail('away');
  wait(2_000);
  fail('full');
  expect(trouble.sinceMs).toBe(1_000_000);
  expect(trouble.last).toEqual({ message: 'full', atMs: 1_002_000 });
  trouble.succeeded();
  expect(trouble.sinceMs).toBeUndefined();
  expect(trouble.last).toEqual({ message: 'full', atMs: 1_002_000 });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeMachine } from './machine.ts';
import { newestRunFile } from './newest-run.ts';
import { parseRun, readRun, writeRun } from './results.ts';
import { runWith } from './run.fixture.ts';

function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'odograph-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const run = runWith([50, 100, 50]);

test('a run is read as it was written, from a file named by day, commit and form', () => {
  const file = writeRun(run, testDirectory());
  expect(basename(file)).toBe('2026-05-01-01234567-quick.json');
  expect(readRun(file)).toEqual(run);
});

test('what is no run is refused with what is wrong with it', () => {
  expect(() => parseRun({ ...run, form: 'long' })).toThrow(/^form: /);
  expect(() => parseRun({ ...run, measures: [{ ...run.measures[0], repeats: [] }] })).toThrow(
    /^measures\.0\.repeats: /,
  );
  const file = join(testDirectory(), 'broken.json');
  writeFileSync(file, '{');
  expect(() => readRun(file)).toThrow('broken.json is no recorded run');
  expect(() => readRun(`${file}.not`)).toThrow('cannot be read');
});

test('the newest run is the one that began last; the baseline is none', () => {
  const directory = testDirectory();
  expect(() => newestRunFile(directory)).toThrow('no run is recorded');
  expect(() => newestRunFile(join(directory, 'not-there'))).toThrow('no run is recorded');
  const newest = writeRun({ ...run, form: 'full', date: '2026-05-01T09:00:00.000Z' }, directory);
  writeRun(run, directory);
  writeFileSync(
    join(directory, 'baseline.json'),
    JSON.stringify({ ...run, date: '2027-01-01T00:00:00.000Z' }),
  );
  expect(newestRunFile(directory)).toBe(newest);
});

test('a machine is described by what may change its numbers', () => {
  const machine = describeMachine({ mongo: '6.0.5', nats: '2.15.1' });
  expect(machine).toMatchObject({ mongo: '6.0.5', nats: '2.15.1', node: process.versions.node });
  expect(machine.cpus).toBeGreaterThan(0);
  expect(machine.memoryGib).toBeGreaterThan(0);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runWith } from './run.fixture.ts';
import {
  type LoadRun,
  newestRunFile,
  parseRun,
  RESULTS_DIRECTORY,
  readBenchRun,
  readRun,
  writeRun,
} from './run-record.ts';
import { stepOf } from './step.fixture.ts';

function testDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'odograph-bench-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const run = runWith([50, 100, 50]);
const { schemaVersion, commit, date, machine } = run;
const load: LoadRun = {
  ...{ schemaVersion, commit, date, machine },
  form: 'load',
  ramps: [
    {
      histories: 1,
      steps: [stepOf(100, 250)],
      recovery: { users: 1, streams: 1, lookedForMs: 5, apiP95Ms: [20] },
    },
  ],
};

test('a run is read as it was written, from a file named by day, commit and form', () => {
  const file = writeRun(run, testDirectory());
  expect(basename(file)).toBe('2026-05-01-01234567-quick.json');
  expect(readRun(file)).toEqual(run);
});

test('a run of the load is read as it was written', () => {
  const file = writeRun(load, testDirectory());
  expect(basename(file)).toBe('2026-05-01-01234567-load.json');
  expect(readRun(file)).toEqual(load);
  expect(() => readBenchRun(file)).toThrow('is a run of make load');
});

test('a second run of the same day, commit and form does not replace the first', () => {
  const directory = testDirectory();
  const other = runWith([60, 100, 50]);
  const files = [run, other, run].map((each) => writeRun(each, directory));
  expect(files.map((file) => basename(file, '.json').slice(-7))).toEqual(['7-quick', 'quick-2', 'quick-3']);
  expect(files.map(readRun)).toEqual([run, other, run]);
});

test('a record has a line for each measure', () => {
  const lines = readFileSync(writeRun(run, testDirectory()), 'utf8').split('\n');
  expect(lines.filter((line) => line.startsWith('    {"name":'))).toHaveLength(run.measures.length);
});

test('every committed record can be read', () => {
  const names = readdirSync(RESULTS_DIRECTORY);
  expect(names).toContain('baseline.json');
  for (const name of names) expect(() => readRun(join(RESULTS_DIRECTORY, name))).not.toThrow();
});

test('another file is refused with the first wrong field', () => {
  expect(() => parseRun({ ...run, form: 'long' })).toThrow(/^form: /);
  expect(() => parseRun({ ...run, measures: [{ ...run.measures[0], repeats: [] }] })).toThrow(
    /^measures\.0\.repeats: /,
  );
  const file = join(testDirectory(), 'broken.json');
  writeFileSync(file, '{');
  expect(() => readRun(file)).toThrow('broken.json is not a recorded run');
  expect(() => readRun(`${file}.not`)).toThrow('cannot be read');
});

test('the newest run of a form is the one that started last, without the baseline', () => {
  const directory = testDirectory();
  const message = 'has no quick run: run the bench in that form first';
  expect(() => newestRunFile('quick', directory)).toThrow(message);
  expect(() => newestRunFile('quick', join(directory, 'not-there'))).toThrow(message);
  const newest = writeRun({ ...run, date: '2026-05-01T09:00:00.000Z' }, directory);
  writeRun(run, directory);
  writeRun({ ...run, form: 'full', date: '2026-05-02T09:00:00.000Z' }, directory);
  writeRun({ ...load, date: '2026-05-03T09:00:00.000Z' }, directory);
  const baseline = JSON.stringify({ ...run, date: '2027-01-01T00:00:00.000Z' });
  writeFileSync(join(directory, 'baseline.json'), baseline);
  expect(newestRunFile('quick', directory)).toBe(newest);
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type LoadRun, writeLoadRun } from './ramp-record.ts';
import { stepOf } from './step.fixture.ts';

test('a run is recorded under its date, commit and form', () => {
  const directory = mkdtempSync(join(tmpdir(), 'odograph-ramp-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const run: LoadRun = {
    schemaVersion: 1,
    commit: '0123456789abcdef',
    date: '2026-05-01T06:00:00.000Z',
    form: 'quick',
    machine: { cpus: 2, model: 'X', memoryGib: 8, kernel: '6', node: '24', mongo: '6', nats: '2' },
    ramps: [{ histories: 1, steps: [stepOf(100, 250)] }],
  };
  const file = writeLoadRun(run, directory);
  expect(file).toBe(join(directory, '2026-05-01-01234567-quick.json'));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(run);
});

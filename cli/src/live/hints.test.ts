import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '@odograph/cluster/data-lock';
import { stateFile, writeUpState } from '@odograph/cluster/up-state';
import { expect, onTestFinished, test } from 'vitest';
import { NOW_MS, statusOf } from './fleet.fixture.ts';
import { doctorHint, hintsFor, vehicleToName, whereOf } from './hints.ts';

const momentOf = (...statuses: ReturnType<typeof statusOf>[]) => ({
  ...{ nowMs: NOW_MS, statuses, modelOf: () => '' },
});
const DAY_MS = 86_400_000;
const DRIVES = { speed_kmh: 30 };

test('the hints name the vehicle that was heard last, and keep it while its values are those of now', () => {
  const old = statusOf('a', DRIVES, { ageMs: DAY_MS });
  const replayed = statusOf('b', DRIVES, { ageMs: 0, lagMs: DAY_MS });
  const first = momentOf(
    old,
    replayed,
    statusOf('c', DRIVES, { ageMs: 900 }),
    statusOf('d', DRIVES, { ageMs: 800 }),
  );
  expect(vehicleToName(first, undefined)).toBe('d');

  const later = momentOf(statusOf('c', DRIVES, { ageMs: 100 }), statusOf('d', DRIVES, { ageMs: 60_000 }));
  expect(vehicleToName(later, 'd')).toBe('d');
  const silent = momentOf(statusOf('c', DRIVES, { ageMs: 100 }), statusOf('d', DRIVES, { ageMs: 200_000 }));
  expect(vehicleToName(silent, 'd')).toBe('c');
});

test('without such a vehicle the hints name none', () => {
  expect(vehicleToName(momentOf(statusOf('a', DRIVES, { ageMs: DAY_MS })), undefined)).toBeUndefined();
  expect(hintsFor(undefined, { cache: '', history: '' })).toEqual([
    'npx odograph status',
    'npx odograph log tail',
  ]);
});

test('the hints say where the services are, if that is needed', () => {
  const where = { cache: ' --endpoint 127.0.0.1:3', history: ' --endpoint 127.0.0.1:1' };
  expect(hintsFor('bus-1', where)).toEqual([
    'npx odograph status bus-1 --endpoint 127.0.0.1:3',
    'npx odograph history bus-1 --from -5m --signals speed_kmh --endpoint 127.0.0.1:1',
    'npx odograph log tail --endpoint 127.0.0.1:1',
  ]);
});

test('that is needed unless it is found on the default data directory, whatever is there', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'odograph-hints-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  expect(whereOf('history', '127.0.0.1:1', dataDir)).toBe(' --endpoint 127.0.0.1:1');
  onTestFinished(lockDataDir(dataDir));
  writeUpState(dataDir, { endpoints: { history: '127.0.0.1:1' }, metrics: {}, processes: {} });
  expect(whereOf('history', '127.0.0.1:1', dataDir)).toBe('');
  expect(whereOf('history', '127.0.0.1:2', dataDir)).toBe(' --endpoint 127.0.0.1:2');
  expect(whereOf('cache', '127.0.0.1:1', dataDir)).toBe(' --endpoint 127.0.0.1:1');
  writeFileSync(stateFile(dataDir), 'damaged');
  expect(whereOf('history', '127.0.0.1:1', dataDir)).toBe(' --endpoint 127.0.0.1:1');
});

test('the hint for the doctor names the data directory for a shell, unless it is the default one', () => {
  expect(doctorHint('/d', '/d')).toBe('npx odograph doctor');
  expect(doctorHint('/data/a-b', '/d')).toBe('ODO_DATA_DIR=/data/a-b npx odograph doctor');
  expect(doctorHint("/it's $HOME", '/d')).toBe(`ODO_DATA_DIR='/it'\\''s $HOME' npx odograph doctor`);
});

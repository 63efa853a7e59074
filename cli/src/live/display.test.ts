import { stripVTControlCharacters } from 'node:util';
import { projectRoot } from '@odograph/engines/project-paths';
import { afterEach, expect, it, vi } from 'vitest';
import { createDisplay } from './display.ts';
import { NOW_MS, statusOf } from './fleet.fixture.ts';
import { rowsOf } from './fleet-frame.ts';

const { isTTY, columns, rows } = process.stdout;

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY, columns, rows });
});

it('a terminal that does not know its size shows the fleet', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 0, rows: 0 });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const display = createDisplay({
    dataDir: '/d',
    ingest: '127.0.0.1:1',
    history: '127.0.0.1:2',
    cache: '127.0.0.1:3',
    metrics: {},
  });
  display.show({ nowMs: NOW_MS, statuses: [statusOf('bus-1', { speed_kmh: 42 })], modelOf: () => '' });
  expect(written.mock.calls.flat().join('')).toMatch(/bus-1 .* driving .* 1 s ago/);
});

it('a terminal of 80 × 24 shows no more than it has, and under the fleet all addresses and whole hints', () => {
  const size = { columns: 80, rows: 24 };
  Object.assign(process.stdout, { isTTY: true, ...size });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const metrics = { history: '127.0.0.1:4112', ingest: '127.0.0.1:4111' };
  const display = createDisplay({
    dataDir: '/data',
    ingest: '127.0.0.1:4101',
    history: '127.0.0.1:2',
    cache: '127.0.0.1:3',
    metrics,
  });
  const statuses = Array.from({ length: 50 }, (_, at) => statusOf(`sim-${at}`, { speed_kmh: 42 }));
  display.show({ nowMs: NOW_MS, statuses, modelOf: () => 'Volta, electric', taken: 1_234 });
  const lines = stripVTControlCharacters(written.mock.calls.flat().join('')).split('\n');
  expect(rowsOf(lines, size)).toBe(24);
  expect(lines[0]).toBe('50 vehicles, 50 driving; 1,234 reports taken');
  expect(lines.slice(-7)).toEqual([
    '',
    'gRPC: reports 127.0.0.1:4101, statuses 127.0.0.1:3, history 127.0.0.1:2.',
    'Metrics: history 127.0.0.1:4112, ingest 127.0.0.1:4111 (http, /metrics).',
    `Ask it, in another terminal, in ${projectRoot}:`,
    '  npx odograph status sim-0 --endpoint 127.0.0.1:3',
    '  npx odograph history sim-0 --from -5m --signals speed_kmh --endpoint 127.0.0.1:2',
    '  npx odograph log tail --endpoint 127.0.0.1:2',
  ]);
});

it('a fleet in trouble gets the command that says what is wrong, first of all', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 80, rows: 24 });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const endpoints = { ingest: '127.0.0.1:4101', history: '127.0.0.1:2', cache: '127.0.0.1:3', metrics: {} };
  const display = createDisplay({ dataDir: '/data', ...endpoints });
  const trouble = 'history: 127.0.0.1:2 did not answer in time';
  display.show({ nowMs: NOW_MS, statuses: [], modelOf: () => '', trouble });
  const lines = stripVTControlCharacters(written.mock.calls.flat().join('')).split('\n');
  expect(lines.slice(-3)).toEqual([
    '  ODO_DATA_DIR=/data npx odograph doctor',
    '  npx odograph status --endpoint 127.0.0.1:3',
    '  npx odograph log tail --endpoint 127.0.0.1:2',
  ]);
});

import { afterEach, expect, it, vi } from 'vitest';
import { createDisplay } from './display.ts';
import { NOW_MS, statusOf } from './fleet.fixture.ts';

const { isTTY, columns, rows } = process.stdout;

afterEach(() => {
  vi.restoreAllMocks();
  Object.assign(process.stdout, { isTTY, columns, rows });
});

it('a terminal that does not know its size shows the fleet', () => {
  Object.assign(process.stdout, { isTTY: true, columns: 0, rows: 0 });
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const display = createDisplay({ ingest: '127.0.0.1:1', history: '127.0.0.1:2', metrics: {} });
  display.show({ nowMs: NOW_MS, statuses: [statusOf('bus-1', { speed_kmh: 42 })], modelOf: () => '' });
  expect(written.mock.calls.flat().join('')).toMatch(/bus-1 .* driving .* 1 s ago/);
});

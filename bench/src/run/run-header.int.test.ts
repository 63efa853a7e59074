import { expect, test } from 'vitest';
import { parseRun } from '../report/run-record.ts';
import { runHeader } from './run-header.ts';

test('a run records commit, date, machine and versions', async () => {
  const header = await runHeader();
  expect(parseRun({ ...header, form: 'quick', measures: [], notMeasured: [] })).toMatchObject(header);
  expect(header.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(header.machine.cpus).toBeGreaterThan(0);
  expect(header.machine.node).toBe(process.versions.node);
});

import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { expect, test } from 'vitest';
import { shiftableClocks } from './service-clock.ts';

/** Shifts its own clock as a round shifts a service's, and prints the result of each way to read the time. */
const PROGRAM = `
  const { writeFileSync } = await import('node:fs');
  const { setTimeout: wait } = await import('node:timers/promises');
  const shift = (ms) => writeFileSync(process.env.CHAOS_CLOCKS + '/' + process.pid, String(ms));
  const beforeMs = Date.now();
  shift(-600_000);
  while (Date.now() >= beforeMs) await wait(5);
  const shifted = [Date.now(), new Date().getTime(), Date.parse(Date())].map((at) => Math.round((at - beforeMs) / 60_000));
  const given = [new Date(7).getTime(), Date.UTC(1970, 0), new Date() instanceof Date, typeof structuredClone(new Date()).getTime];
  shift(0);
  while (Date.now() < beforeMs) await wait(5);
  console.log(JSON.stringify({ shifted, given }));
`;

test('a clock is set back and corrected while the process runs', async () => {
  const folder = await makeRunDir();
  const env = { ...process.env, ...(await shiftableClocks(folder)) };
  const args = ['--input-type=module', '--eval', PROGRAM];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  await rm(folder, { recursive: true });
  expect(JSON.parse(stdout)).toEqual({ shifted: [-10, -10, -10], given: [7, 0, true, 'function'] });
});

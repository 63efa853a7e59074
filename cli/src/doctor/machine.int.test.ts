import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jsonLines, runCli } from '../cli.fixture.ts';
import type { Check } from './check.ts';
import { dataDir } from './doctor.fixture.ts';

const OTHER_USER = 65_534;
const isRoot = process.getuid?.() === 0;

/** Whether the checkout is open to another user, who is to run the command for root. */
function isOpenToOthers(): boolean {
  const { status } = spawnSync(process.execPath, ['--check', import.meta.filename], { uid: OTHER_USER });
  return status === 0;
}

/** What the command says of a data directory, its last checks. */
async function examined(folder: string, uid?: number): Promise<readonly Check[]> {
  const options = { env: { ODO_DATA_DIR: folder }, ...(uid !== undefined && { uid }) };
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], options);
  expect([code, stderr]).toEqual([1, '']);
  const checks = jsonLines(stdout) as Check[];
  return checks.slice(checks.findIndex(({ check }) => check === 'data directory'));
}

it.skipIf(isRoot && !isOpenToOthers())(
  'the doctor says whose the data directory is that it cannot read',
  async () => {
    const folder = dataDir();
    // Root may read everything, so another user asks.
    chmodSync(folder, isRoot ? 0o700 : 0o000);
    const checks = await examined(folder, isRoot ? OTHER_USER : undefined);
    chmodSync(folder, 0o700);
    expect(checks).toMatchObject([
      {
        ...{ check: 'data directory', status: 'fail' },
        message: expect.stringContaining(`${folder} cannot be used (EACCES)`),
        remedy: expect.stringContaining(isRoot ? 'run the doctor as user 0, or' : 'set ODO_DATA_DIR'),
      },
      { check: 'disk' },
      { check: 'ports', status: 'ok' },
      {
        ...{ check: 'platform', status: 'fail' },
        message: `${join(folder, 'up.json')} cannot be read (EACCES)`,
        remedy: 'run the doctor as the user who runs odograph up',
      },
    ]);
  },
);

it('the doctor says of a damaged up.json that it is', async () => {
  const folder = dataDir();
  writeFileSync(join(folder, 'up.json'), '{');
  expect((await examined(folder)).at(-1)).toMatchObject({
    ...{ check: 'platform', status: 'fail' },
    message: `${join(folder, 'up.json')} was not written by odograph up: remove it`,
  });
});

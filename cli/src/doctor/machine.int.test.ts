import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jsonLines, runCli } from '../cli.fixture.ts';
import type { Check } from './check.ts';
import { dataDir } from './doctor.fixture.ts';

const OTHER_USER = 65_534;
const isRoot = process.getuid?.() === 0;
/** Root may read everything, unless it has none of its capabilities. */
const POWERLESS = isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

/** What the command says of a data directory, its last checks. */
async function examined(folder: string, under: readonly string[] = []): Promise<readonly Check[]> {
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], {
    env: { ODO_DATA_DIR: folder },
    under,
  });
  expect([code, stderr]).toEqual([1, '']);
  const checks = jsonLines(stdout) as Check[];
  return checks.slice(checks.findIndex(({ check }) => check === 'data directory'));
}

it('the doctor says whose the data directory is that it cannot read', async () => {
  const folder = dataDir();
  chmodSync(folder, 0o000);
  // Only root may give a folder away.
  if (isRoot) chownSync(folder, OTHER_USER, OTHER_USER);
  const checks = await examined(folder, POWERLESS);
  if (isRoot) chownSync(folder, 0, 0);
  chmodSync(folder, 0o700);
  expect(checks).toMatchObject([
    {
      ...{ check: 'data directory', status: 'fail' },
      message: expect.stringContaining(`${folder} cannot be used (EACCES)`),
      remedy: expect.stringContaining(
        isRoot ? `run the doctor as user ${OTHER_USER}, or` : 'set ODO_DATA_DIR',
      ),
    },
    { check: 'disk' },
    { check: 'ports', status: 'ok' },
    {
      ...{ check: 'platform', status: 'fail' },
      message: `${join(folder, 'up.json')} cannot be read (EACCES)`,
      remedy: 'run the doctor as the user who runs odograph up',
    },
  ]);
});

it('the doctor does not advise to be the owner of a folder in which there is no data directory', async () => {
  const folder = dataDir();
  chmodSync(folder, 0o555);
  // Only root may give a folder away.
  if (isRoot) chownSync(folder, OTHER_USER, OTHER_USER);
  const [found] = await examined(join(folder, 'below'), POWERLESS);
  if (isRoot) chownSync(folder, 0, 0);
  chmodSync(folder, 0o700);
  expect(found).toMatchObject({
    ...{ check: 'data directory', status: 'fail', remedy: 'set ODO_DATA_DIR to another one' },
    message: expect.stringContaining(`${folder} cannot be used (EACCES)`),
  });
});

it('the doctor says of a damaged up.json that it is', async () => {
  const folder = dataDir();
  writeFileSync(join(folder, 'up.json'), '{');
  expect((await examined(folder)).at(-1)).toMatchObject({
    ...{ check: 'platform', status: 'fail' },
    message: `${join(folder, 'up.json')} was not written by odograph up: remove it`,
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type OwnedProcess, startOwned } from './owned-process.ts';
import { STANDING_BACK, standBack } from './stand-back.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'odograph-stand-back-'));
});

afterEach(async () => {
  await rm(place, { recursive: true, force: true });
});

function start(name: string, standsBack: boolean): OwnedProcess {
  return startOwned({
    command: [process.execPath, '-e', 'setInterval(() => {}, 1e6)', name],
    logFile: join(place, `${name}.log`),
    pidFile: join(place, `${name}.pid`),
    word: name,
    stopTimeoutMs: 1_000,
    standsBack,
  });
}

/** How the session of a process is weighed; undefined where the system weighs none. */
async function sessionNiceness({ pid }: OwnedProcess): Promise<number | undefined> {
  const autogroup = await readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => '');
  const niceness = / nice (-?\d+)/.exec(autogroup)?.[1];
  return niceness === undefined ? undefined : Number(niceness);
}

test('several that stand back do so, also those started at once, and nobody else does', async () => {
  const back = [1, 2, 3].map((at) => start(`back-${at}`, true));
  const other = start('other', false);
  const isWeighed = (await sessionNiceness(other)) !== undefined;
  for (const process of back) {
    expect(getPriority(process.pid)).toBe(STANDING_BACK);
    if (isWeighed)
      await vi.waitFor(async () => expect(await sessionNiceness(process)).toBe(STANDING_BACK), 5_000);
  }
  expect(getPriority(other.pid)).toBe(0);
  if (isWeighed) expect(await sessionNiceness(other)).toBe(0);
  await Promise.all([...back, other].map((process) => process.stop()));
});

test('one that is gone already is no error', async () => {
  const gone = start('gone', false);
  gone.kill('SIGKILL');
  await gone.exited;
  expect(() => standBack(gone.pid)).not.toThrow();
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isErrno } from './errno.ts';
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

const sessionOf = ({ pid }: OwnedProcess) => `/proc/${pid}/autogroup`;

async function sessionNiceness(owned: OwnedProcess): Promise<number> {
  return Number(/ nice (-?\d+)/.exec(await readFile(sessionOf(owned), 'utf8'))?.[1]);
}

/** Whether this system weighs sessions, and lets us say how. */
async function weighsSessions(owned: OwnedProcess): Promise<boolean> {
  try {
    await writeFile(sessionOf(owned), '0');
    return true;
  } catch (error) {
    return isErrno(error, 'EAGAIN');
  }
}

test('several that stand back do so, also those started at once, and nobody else does', async () => {
  const other = start('other', false);
  const isWeighed = await weighsSessions(other);
  const back = [1, 2, 3].map((at) => start(`back-${at}`, true));
  for (const owned of back) {
    expect(getPriority(owned.pid)).toBe(getPriority() + STANDING_BACK);
    if (isWeighed)
      await vi.waitFor(async () => expect(await sessionNiceness(owned)).toBe(STANDING_BACK), 5_000);
  }
  expect(getPriority(other.pid)).toBe(getPriority());
  if (isWeighed) expect(await sessionNiceness(other)).toBe(0);
  await Promise.all([...back, other].map((owned) => owned.stop()));
});

test('one that is gone already is no error', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  expect(() => standBack(gone)).not.toThrow();
});

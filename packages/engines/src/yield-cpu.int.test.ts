import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isErrno } from './errno.ts';
import { type OwnedProcess, startOwned } from './owned-process.ts';
import { YIELD_NICENESS, yieldCpu } from './yield-cpu.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'odograph-yield-cpu-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function start(name: string, yieldsCpu: boolean): OwnedProcess {
  return startOwned({
    command: [process.execPath, '-e', 'setInterval(() => {}, 1e6)', name],
    logFile: join(folder, `${name}.log`),
    pidFile: join(folder, `${name}.pid`),
    word: name,
    stopTimeoutMs: 1_000,
    yieldsCpu,
  });
}

const sessionOf = ({ pid }: OwnedProcess) => `/proc/${pid}/autogroup`;

async function sessionNiceness(owned: OwnedProcess): Promise<number> {
  return Number(/ nice (-?\d+)/.exec(await readFile(sessionOf(owned), 'utf8'))?.[1]);
}

/** Whether this system weighs sessions and lets us change the weight. */
async function weighsSessions(owned: OwnedProcess): Promise<boolean> {
  try {
    await writeFile(sessionOf(owned), '0');
    return true;
  } catch (error) {
    return isErrno(error, 'EAGAIN');
  }
}

test('processes that yield CPU have a lower priority, also when started together, and no other process has', async () => {
  const other = start('other', false);
  const isWeighed = await weighsSessions(other);
  const yielding = [1, 2, 3].map((at) => start(`yielding-${at}`, true));
  for (const owned of yielding) {
    expect(getPriority(owned.pid)).toBe(getPriority() + YIELD_NICENESS);
    if (isWeighed)
      await vi.waitFor(async () => expect(await sessionNiceness(owned)).toBe(YIELD_NICENESS), 5_000);
  }
  expect(getPriority(other.pid)).toBe(getPriority());
  if (isWeighed) expect(await sessionNiceness(other)).toBe(0);
  await Promise.all([...yielding, other].map((owned) => owned.stop()));
});

test('a process that has already ended is not an error', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  expect(() => yieldCpu(gone)).not.toThrow();
});

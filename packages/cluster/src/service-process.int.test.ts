import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { UP_LIMITS } from './restart-policy.ts';
import { startService } from './service-process.ts';
import { SupervisedProcess } from './supervised-process.ts';

const FIXTURE = fileURLToPath(import.meta.resolve('@odograph/platform/app/run-service.fixture'));

/** A supervised service that works for ever on SIGUSR2 and may be blocked for 1.5 s. */
async function supervise(notes: string[]): Promise<SupervisedProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-service-'));
  const service = { main: FIXTURE, yieldsCpu: false };
  const env = { PATH: process.env['PATH'], ODO_TEST_WORK: 'endless', ODO_STANDSTILL_MS: '1500' };
  const it = new SupervisedProcess({
    name: 'it',
    limits: UP_LIMITS,
    launch: (signal) => startService({ name: 'it', service, dataDir, env }, signal),
    note: (line) => notes.push(line),
  });
  onTestFinished(async () => {
    await it.kill();
    await rm(dataDir, { recursive: true });
  });
  await it.start();
  return it;
}

test('a service whose event loop is blocked is restarted, and the note says for how long and where', async () => {
  const notes: string[] = [];
  const it = await supervise(notes);
  const first = it.pid() ?? 0;
  process.kill(first, 'SIGUSR2');
  await expect.poll(() => [undefined, first].includes(it.pid()), { timeout: 15_000 }).toBe(false);
  const reason =
    /^it was blocked for [\d.]+ s in spinFor \(run-service\.fixture\.ts:\d+:\d+\): restarting it in 0\.1 s$/;
  expect(notes).toEqual([expect.stringMatching(reason)]);
  process.kill(it.pid() ?? 0, 'SIGKILL');
  await expect.poll(() => notes[1]).toBe('it was killed by SIGKILL: restarting it in 0.2 s');
});

test('a service that was paused for longer than it may be blocked is not restarted', async () => {
  const notes: string[] = [];
  const it = await supervise(notes);
  const first = it.pid();
  it.pause();
  await delay(3_000);
  it.resume();
  await delay(1_000);
  expect([it.pid(), notes]).toEqual([first, []]);
});

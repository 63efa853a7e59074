import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { liveMemoryEnv, liveMib } from './live-memory.ts';

/** Holds 100 MiB, half in objects and half in a buffer, until it gets a message. */
const HOLDER = `
  let held = [Buffer.alloc(50 * 1024 ** 2), Array.from({ length: 50 * 128 }, () => new Array(1_024).fill(0.5))];
  process.on('message', () => {
    held = undefined;
    process.send('released');
  });
  process.send('held');
`;

test('a process tells what it holds, and that it comes back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'odograph-live-memory-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'holder.log');
  const log = openSync(file, 'w');
  const child = spawn(process.execPath, ['-e', HOLDER], {
    env: liveMemoryEnv(process.env),
    stdio: ['ignore', log, log, 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  closeSync(log);
  await once(child, 'message');
  const { pid = 0 } = child;
  const heldMib = await liveMib(pid, file);
  expect(heldMib).toBeGreaterThan(100);
  child.send('release');
  await once(child, 'message');
  expect(await liveMib(pid, file)).toBeLessThan(heldMib - 95);
});

test('a process that is gone tells nothing', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await expect(liveMib(child.pid ?? 0, '/dev/null')).rejects.toThrow('ESRCH');
});

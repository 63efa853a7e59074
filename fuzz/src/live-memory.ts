import { readFile } from 'node:fs/promises';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import { preloadEnv } from '@odograph/testing/preload-env';

const MEBIBYTE = 1024 ** 2;
const ASK_MS = 20;
const DEADLINE_MS = 30_000;

/** The environment in which a service tells it. */
export const liveMemoryEnv = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  ...preloadEnv(new URL('tell-live-memory.ts', import.meta.url), env),
});

/**
 * What a service holds, in MiB: its heap and its buffers after a collection. Resident memory is more, because the allocator
 * keeps what was freed.
 */
export async function liveMib(pid: number, logFile: string): Promise<number> {
  const told = new RegExp(`^live memory of ${pid}: (\\d+) bytes$`, 'gm');
  const read = async () => [...(await readFile(logFile, 'utf8')).matchAll(told)];
  const before = (await read()).length;
  process.kill(pid, 'SIGUSR2');
  const deadlineAtMs = performance.now() + DEADLINE_MS;
  while (performance.now() < deadlineAtMs) {
    const last = (await read())[before];
    if (last) return Number(last[1]) / MEBIBYTE;
    await pause(ASK_MS);
  }
  throw new Fault('DEADLINE', `process ${pid} does not say how much memory it holds: see ${logFile}`);
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Fault } from '@odograph/kernel/fault';
import type { CanaryTarget } from './canary.ts';
import type { CanaryCommand, CanaryReply } from './canary-process.ts';
import type { PlatformPids } from './lag.ts';

/** The canary in a process of its own, so that it does not wait for the fuzzer. */
export interface ForkedCanary {
  /** Waits until each operation that is under way has ended. */
  settle(): Promise<CanaryReply>;
  stop(): Promise<CanaryReply>;
  kill(): void;
}

export function forkCanary(target: CanaryTarget, pids: () => PlatformPids): ForkedCanary {
  const main = fileURLToPath(new URL('canary-process.ts', import.meta.url));
  const child = fork(main, [JSON.stringify(target)], { detached: true });
  const ended = once(child, 'exit').then(() => {
    throw new Fault('INTERNAL', 'the process of the canary has ended');
  });
  ended.catch(() => undefined);
  const ask = async (isLast: boolean): Promise<CanaryReply> => {
    child.send({ pids: pids(), isLast } satisfies CanaryCommand);
    const [reply] = await Promise.race([once(child, 'message'), ended]);
    return reply;
  };
  return { settle: () => ask(false), stop: () => ask(true), kill: () => void child.kill('SIGKILL') };
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { yieldCpu } from '@odograph/engines/yield-cpu';
import { Fault } from '@odograph/kernel/fault';
import type { OurProcesses } from '../lag.ts';
import type { CanaryTarget } from './canary.ts';
import type { CanaryCommand, CanaryReply } from './messages.ts';

/** The canary in a process of its own, so that it does not wait for the fuzzer. */
export interface ForkedCanary {
  readonly pid: number | undefined;
  /** Waits until each operation that is under way has ended. */
  settle(): Promise<CanaryReply>;
  stop(): Promise<CanaryReply>;
  kill(): void;
}

export async function forkCanary(target: CanaryTarget, processes: () => OurProcesses): Promise<ForkedCanary> {
  const child = fork(fileURLToPath(new URL('canary-process.ts', import.meta.url)), { detached: true });
  // As history does: so what the machine is late for the canary is what it is late for history.
  yieldCpu(child);
  const ended = once(child, 'exit').then(() => {
    throw new Fault('INTERNAL', 'the process of the canary has ended');
  });
  ended.catch(() => undefined);
  const ask = async (command: CanaryCommand): Promise<CanaryReply> => {
    child.send(command);
    const [reply] = await Promise.race([once(child, 'message'), ended]);
    return reply;
  };
  await ask({ kind: 'start', target, processes: processes() });
  return {
    pid: child.pid,
    settle: () => ask({ kind: 'settle', processes: processes() }),
    stop: () => ask({ kind: 'stop', processes: processes() }),
    kill: () => void child.kill('SIGKILL'),
  };
}

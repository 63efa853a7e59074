import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { LoadCommand, LoadPartOptions, LoadReply, Measured } from './load-part.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/load-part.ts');
const STOP_WITHIN_MS = 10_000;

/** A part of the load, in a process of its own. Each call throws a Fault UNAVAILABLE where that process has ended. */
export interface LoadProcess {
  resize(size: number): Promise<void>;
  begin(): Promise<void>;
  end(): Promise<Measured>;
  stop(): Promise<void>;
}

export function startLoadProcess(options: LoadPartOptions): LoadProcess {
  const child = fork(SCRIPT, [JSON.stringify(options)]);
  const waiting: PromiseWithResolvers<LoadReply>[] = [];
  const ended = Promise.withResolvers<void>();
  child.on('message', (reply: LoadReply) => waiting.shift()?.resolve(reply));
  child.once('exit', (code) => {
    const fault = new Fault('UNAVAILABLE', `the load of ${options.kind} ended with exit code ${code}`);
    for (const { reject } of waiting) reject(fault);
    ended.resolve();
  });

  async function tell(command: LoadCommand): Promise<LoadReply> {
    if (!child.connected) throw new Fault('UNAVAILABLE', `the load of ${options.kind} has ended`);
    const reply = Promise.withResolvers<LoadReply>();
    waiting.push(reply);
    child.send(command);
    return await reply.promise;
  }

  return {
    resize: async (size) => void (await tell({ resize: size })),
    begin: async () => void (await tell({ measure: 'begin' })),
    async end() {
      const { measured } = await tell({ measure: 'end' });
      if (measured) return measured;
      throw new Fault('INTERNAL', `the load of ${options.kind} gave no measure`);
    },
    async stop() {
      if (child.connected) child.disconnect();
      await Promise.race([ended.promise, pause(STOP_WITHIN_MS)]);
      child.kill('SIGKILL');
    },
  };
}

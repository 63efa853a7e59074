import { fork } from 'node:child_process';
import { join } from 'node:path';
import { pause } from '@odograph/kernel/clock';
import { Fault } from '@odograph/kernel/fault';
import type { LoadCommand, LoadOptions, LoadReply } from './load.ts';
import type { Measured } from './recorder.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/load-process.ts');
const STOP_WITHIN_MS = 10_000;

/** A load in its own process, so that it takes no CPU time of what measures. */
export interface LoadProcess {
  resize(workers: number): Promise<void>;
  begin(): Promise<void>;
  end(): Promise<Measured>;
  stop(): Promise<void>;
}

/**
 * Starts a load without workers, and resolves once it is prepared.
 * @throws Fault UNAVAILABLE, as does each later call, if the process has ended.
 */
export async function startLoad(options: LoadOptions): Promise<LoadProcess> {
  // Not on the command line, which other users can read: they have a password.
  const env = { ...process.env, BENCH_OPTIONS: JSON.stringify(options) };
  const child = fork(SCRIPT, { env });
  /** For the reply to each command, and first for the message that it is ready. */
  const waiting: PromiseWithResolvers<LoadReply>[] = [];
  const ended = Promise.withResolvers<void>();
  child.on('message', (reply: LoadReply) => waiting.shift()?.resolve(reply));
  child.once('exit', (code) => {
    const fault = new Fault('UNAVAILABLE', `the load process (${options.kind}) ended with exit code ${code}`);
    for (const { reject } of waiting) reject(fault);
    ended.resolve();
  });

  async function reply(): Promise<LoadReply> {
    const next = Promise.withResolvers<LoadReply>();
    waiting.push(next);
    return await next.promise;
  }

  async function command(sent: LoadCommand): Promise<LoadReply> {
    if (!child.connected) throw new Fault('UNAVAILABLE', `the load process (${options.kind}) has ended`);
    child.send(sent);
    return await reply();
  }

  await reply();
  return {
    resize: async (workers) => void (await command({ workers })),
    begin: async () => void (await command('begin')),
    async end() {
      const { measured } = await command('end');
      if (measured) return measured;
      throw new Fault('INTERNAL', `the load process (${options.kind}) returned no results`);
    },
    async stop() {
      if (child.connected) child.disconnect();
      await Promise.race([ended.promise, pause(STOP_WITHIN_MS)]);
      child.kill('SIGKILL');
    },
  };
}

import type { RunningEngine } from './engine-process.ts';
import { LOOPBACK } from './free-port.ts';
import { type StartOptions, startEngine } from './start-engine.ts';
import { ask } from './tcp-ask.ts';

/** Starts a Redis server on loopback that keeps nothing on disk: it is a cache. */
export async function startRedis(options: StartOptions): Promise<RunningEngine> {
  return await startEngine('redis', options, (dataDir, port) => ({
    args: [...['--port', String(port)], ...['--bind', LOOPBACK], ...['--dir', dataDir], ...settings],
    url: `redis://${LOOPBACK}:${port}`,
    isReady: async () => (await ask(port, 'PING\r\n')).startsWith('+PONG'),
  }));
}

const settings = [
  ...['--save', '', '--appendonly', 'no'],
  // Its command line is how it is known again after its owner died.
  ...['--set-proc-title', 'no'],
];

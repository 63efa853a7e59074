import type { EnginePlan, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { ask } from './tcp-ask.ts';

/** A Redis server that stores nothing on disk: it is a cache. */
export function redisPlan({ dataDir, port }: PlanInput): EnginePlan {
  return {
    args: [...['--port', String(port)], ...['--bind', LOOPBACK], ...['--dir', dataDir], ...settings],
    isReady: async () => (await ask(port, 'PING\r\n')).startsWith('+PONG'),
  };
}

const settings = [
  ...['--save', '', '--appendonly', 'no'],
  // Its command line identifies it after its owner has died.
  ...['--set-proc-title', 'no'],
];

import { cpus, release, totalmem } from 'node:os';
import type { Machine } from './results.ts';

/** What this run is on; the versions of the engines are known to whoever started them. */
export function describeMachine({ mongo, nats }: Pick<Machine, 'mongo' | 'nats'>): Machine {
  const cores = cpus();
  return {
    cpus: cores.length,
    model: cores[0]?.model ?? 'unknown',
    memoryGib: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    kernel: release(),
    node: process.versions.node,
    mongo,
    nats,
  };
}

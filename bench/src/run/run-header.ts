import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { findBinary } from '@odograph/engines/find-engine';
import { projectRoot } from '@odograph/engines/project-paths';
import type { Machine, RecordedRun } from '../report/run-record.ts';
import { probeMachine } from './machine-probe.ts';

/** What a run of now records about itself. */
export async function runHeader(): Promise<
  Pick<RecordedRun, 'schemaVersion' | 'commit' | 'date' | 'machine'>
> {
  const date = new Date().toISOString();
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: projectRoot, encoding: 'utf8' }).trim();
  const [mongo, nats] = await Promise.all([findBinary('mongo'), findBinary('nats')]);
  return { schemaVersion: 1, commit, date, machine: describeMachine(mongo.version, nats.version) };
}

function describeMachine(mongo: string, nats: string): Machine {
  const cores = cpus();
  return {
    cpus: cores.length,
    model: cores[0]?.model ?? 'unknown',
    memoryGib: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    kernel: release(),
    node: process.versions.node,
    ...{ mongo, nats, probe: probeMachine() },
  };
}

/** @returns a function that prints a line with the seconds since now. */
export function startProgress(): (text: string) => void {
  const startMs = performance.now();
  return (text) => {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(0).padStart(4);
    process.stdout.write(`${seconds} s  ${text}\n`);
  };
}

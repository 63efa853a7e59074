import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '@odograph/cluster/cluster';
import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { isErrno } from '@odograph/engines/errno';
import { pause } from '@odograph/kernel/clock';
import { liveMib } from './live-memory.ts';
import type { Broken } from './verdict.ts';

const PAGES_IN_MIB = 256;
/** What a service may hold of the load afterwards: caches, the tail and the ledger, which their settings bound. */
const KEPT_MIB = 96;
/** What a service may log from one look to the next. */
const LOGGED_BYTES = 1024 ** 2;
const BACK_WITHIN_MS = 60_000;
const SAMPLE_MS = 50;
const ASK_AGAIN_MS = 1_000;

/** The log of a service, and its size at the last look. */
interface Log {
  readonly service: SupervisedProcess;
  readonly file: string;
  bytes: number;
}

/** What is known of the memory of a service, in MiB. */
interface Memory {
  readonly service: SupervisedProcess;
  /** Resident memory: its limit, the most since the last look, and the most of all. */
  readonly limit: number;
  recent: number;
  peak: number;
  /** What it holds without hostile clients. */
  liveAtStart: number;
}

/** Watches the processes of a platform: that they live, and the memory and logs of its services. */
export class Processes {
  readonly #nodes: Cluster['nodes'];
  readonly #memories: readonly Memory[];
  readonly #logs: readonly Log[];
  readonly #timer = setInterval(() => this.#sample(), SAMPLE_MS);
  #crashes: readonly number[];

  constructor({ nodes, ingest, histories }: Cluster, dataDir: string) {
    const memoryOf = (service: SupervisedProcess, limit: number) =>
      ({ service, limit, recent: 0, peak: 0, liveAtStart: 0 }) satisfies Memory;
    this.#nodes = nodes;
    this.#memories = [...histories.map((history) => memoryOf(history, 1_024)), memoryOf(ingest, 512)];
    this.#logs = [...histories, ingest].map((service) => {
      const file = join(dataDir, `${service.name}.log`);
      return { service, file, bytes: statSync(file).size };
    });
    this.#crashes = nodes.map((node) => node.crashes());
  }

  /** The rules that were broken since the last look. */
  look(): readonly Broken[] {
    this.#sample();
    const before = this.#crashes;
    this.#crashes = this.#nodes.map((node) => node.crashes());
    const ended = this.#nodes.filter((_, at) => this.#crashes[at] !== before[at]);
    const tooMuch = this.#memories.flatMap(({ service, limit, recent }) =>
      judgeMemory(recent, limit, `the memory of ${service.name} is bounded`),
    );
    for (const memory of this.#memories) memory.recent = 0;
    const ends = ended.map(({ name }) => ({ rule: 'no process ends', detail: `${name} ended` }));
    return [...ends, ...tooMuch, ...this.#logs.flatMap(judgeLogged)];
  }

  /** The most that each service had, in MiB. */
  peaksMib(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#memories.map(({ service, peak }) => [service.name, Math.round(peak)]));
  }

  /** Takes what services hold now for what they hold without hostile clients. */
  async rememberStart(): Promise<void> {
    for (const memory of this.#memories) memory.liveAtStart = await this.#liveMib(memory.service);
  }

  /** Waits until services hold no more than at first. The rules that are broken if they do. */
  async untilBack(): Promise<readonly Broken[]> {
    const rule = `memory comes back within ${BACK_WITHIN_MS / 1_000} s`;
    const deadlineAtMs = performance.now() + BACK_WITHIN_MS;
    for (;;) {
      const notBack: Broken[] = [];
      for (const { service, liveAtStart } of this.#memories) {
        // One that does not answer in time, or has ended, breaks the rule too; the rest of the verdict must not be lost.
        const mib = await this.#liveMib(service).catch(() => Number.POSITIVE_INFINITY);
        notBack.push(...judgeMemory(mib, liveAtStart + KEPT_MIB, `${rule}, ${service.name}`));
      }
      if (notBack.length === 0 || performance.now() > deadlineAtMs) return notBack;
      await pause(ASK_AGAIN_MS);
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #liveMib(service: SupervisedProcess): Promise<number> {
    const [pid, log] = [service.pid(), this.#logs.find((each) => each.service === service)];
    return pid === undefined || !log ? 0 : await liveMib(pid, log.file);
  }

  #sample(): void {
    for (const memory of this.#memories) {
      memory.recent = Math.max(memory.recent, residentMib(memory.service));
      memory.peak = Math.max(memory.peak, memory.recent);
    }
  }
}

function judgeLogged(log: Log): readonly Broken[] {
  const { size } = statSync(log.file);
  const logged = size - log.bytes;
  log.bytes = size;
  if (logged <= LOGGED_BYTES) return [];
  return [{ rule: 'callers do not fill the log', detail: `${log.service.name} logged ${logged} bytes` }];
}

function judgeMemory(mib: number, allowedMib: number, rule: string): readonly Broken[] {
  if (mib <= allowedMib) return [];
  return [{ rule, detail: `${mib.toFixed(0)} MiB, allowed ${allowedMib.toFixed(0)} MiB` }];
}

/** The second field of `/proc/<pid>/statm` (proc(5)), in pages of 4 KiB. 0 for a process that is not up. */
function residentMib(process: SupervisedProcess): number {
  try {
    return Number(readFileSync(`/proc/${process.pid()}/statm`, 'utf8').split(' ')[1]) / PAGES_IN_MIB;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return 0;
    throw error;
  }
}

import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { SupervisedProcess } from '@odograph/cluster/supervised-process';
import { Fault } from '@odograph/kernel/fault';
import { liveMib } from './live-memory.ts';
import { type Holder, judgeMemory, residentMib } from './memory.ts';
import type { Broken } from './verdict.ts';

/** What a service may log from one look to the next. */
const LOGGED_BYTES = 1024 ** 2;
const SAMPLE_MS = 50;

/** What is looked at of a process. */
type Watched = Pick<SupervisedProcess, 'name' | 'pid' | 'crashes'>;

/** The processes of a platform. */
interface Platform {
  readonly nodes: readonly Watched[];
  readonly histories: readonly Watched[];
  readonly ingest: Watched;
  readonly caches: readonly Watched[];
  readonly alertings: readonly Watched[];
}

/** The log of a service, and its size at the last look. */
interface Log {
  readonly service: Watched;
  readonly file: string;
  bytes: number;
}

/** What is known of the memory of a service, in MiB. */
interface Memory {
  readonly service: Watched;
  /** Resident memory: its limit, the most since the last look, and the most of all. */
  readonly limit: number;
  recent: number;
  peak: number;
  /** What it holds without hostile clients. */
  liveAtStart: number;
}

/** Watches the processes of a platform: that they live, and the memory and logs of its services. */
export class Processes {
  readonly #nodes: Platform['nodes'];
  readonly #memories: readonly Memory[];
  readonly #logs: readonly Log[];
  readonly #timer = setInterval(() => this.#sample(), SAMPLE_MS);
  #crashes: readonly number[];

  constructor({ nodes, ingest, histories, caches, alertings }: Platform, dataDir: string) {
    const memoryOf = (service: Watched, limit: number) =>
      ({ service, limit, recent: 0, peak: 0, liveAtStart: 0 }) satisfies Memory;
    this.#nodes = nodes;
    this.#memories = [
      ...histories.map((history) => memoryOf(history, 1_024)),
      ...[...caches, ...alertings].map((service) => memoryOf(service, 1_024)),
      memoryOf(ingest, 512),
    ];
    this.#logs = [...histories, ...caches, ...alertings, ingest].map((service) => {
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

  /** The services, by what they hold. */
  holders(): readonly Holder[] {
    return this.#memories.map(({ service, liveAtStart }) => {
      return { name: service.name, liveAtStart, liveMib: () => this.#liveMib(service) };
    });
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #liveMib(service: Watched): Promise<number> {
    const [pid, log] = [service.pid(), this.#logs.find((each) => each.service === service)];
    if (pid === undefined || !log) throw new Fault('UNAVAILABLE', `${service.name} is not up`);
    return await liveMib(pid, log.file);
  }

  #sample(): void {
    for (const memory of this.#memories) {
      memory.recent = Math.max(memory.recent, residentMib(memory.service.pid()));
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

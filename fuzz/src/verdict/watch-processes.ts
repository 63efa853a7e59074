import { readFileSync } from 'node:fs';
import type { Cluster } from '@odograph/cluster/cluster';
import { isErrno } from '@odograph/engines/errno';
import { pause } from '@odograph/kernel/clock';
import type { Broken } from './violation.ts';

const MIB = 1024 ** 2;
/** Resident memory of a service, whatever it is asked. */
const LIMITS_MIB = { history: 1_024, ingest: 512 } as const;
/** What a service may keep of the load: caches, the tail and the ledger, which their settings bound, and free heap. */
const KEPT = 1.3;
const KEPT_MIB = 128;
const BACK_WITHIN_MS = 60_000;
const SAMPLE_MS = 50;
const PAGE_BYTES = 4_096;

type Service = keyof typeof LIMITS_MIB;
type Memory = Readonly<Record<Service, number>>;

/** Watches the processes of a platform: that they live, and their memory. */
export interface ProcessWatch {
  /** The rules that were broken since the last time. */
  take(): readonly Broken[];
  /** The most that each service had, in MiB. */
  readonly peaks: Memory;
  /** Remembers the memory of now as that of a service without hostile clients. */
  rememberStart(): void;
  /** Waits until the memory is back. The rules that are broken if it does not come back. */
  untilBack(): Promise<readonly Broken[]>;
  stop(): void;
}

export function watchProcesses({ nodes, ingest, histories }: Cluster): ProcessWatch {
  const processes = { ingest, history: histories[0] };
  const rss = (service: Service) => rssMib(processes[service]?.pid());
  const now = (): Memory => ({ history: rss('history'), ingest: rss('ingest') });
  const services: readonly Service[] = ['history', 'ingest'];
  const most = (a: Memory, b: Memory): Memory => ({
    history: Math.max(a.history, b.history),
    ingest: Math.max(a.ingest, b.ingest),
  });
  let peaks = now();
  let recent = peaks;
  let start = peaks;
  let crashes = nodes.map((node) => node.crashes());
  const sample = () => {
    recent = most(recent, now());
    peaks = most(peaks, recent);
  };
  const timer = setInterval(sample, SAMPLE_MS);

  function tooMuch(): readonly Broken[] {
    sample();
    const memory = recent;
    recent = now();
    return services
      .filter((service) => memory[service] > LIMITS_MIB[service])
      .map((service) => {
        const detail = `${memory[service].toFixed(0)} MiB, allowed ${LIMITS_MIB[service]} MiB`;
        return { rule: `the memory of ${service} is bounded`, detail };
      });
  }

  function ended(): readonly Broken[] {
    const before = crashes;
    crashes = nodes.map((node) => node.crashes());
    return nodes
      .filter((_, at) => crashes[at] !== before[at])
      .map(({ name }) => ({ rule: 'no process ends', detail: `${name} ended by itself` }));
  }

  const allowed = (service: Service) => KEPT * start[service] + KEPT_MIB;
  const tooHigh = () => services.filter((service) => rss(service) > allowed(service));
  return {
    take: () => [...ended(), ...tooMuch()],
    get peaks() {
      return peaks;
    },
    rememberStart() {
      start = now();
    },
    async untilBack() {
      const deadlineAtMs = performance.now() + BACK_WITHIN_MS;
      while (tooHigh().length > 0 && performance.now() < deadlineAtMs) await pause(SAMPLE_MS);
      return tooHigh().map((service) => {
        const rule = `memory comes back within ${BACK_WITHIN_MS / 1_000} s`;
        const [before, after] = [start[service].toFixed(0), rss(service).toFixed(0)];
        return { rule, detail: `${service} has ${after} MiB after ${before} MiB` };
      });
    },
    stop: () => clearInterval(timer),
  };
}

/** Resident memory in MiB; 0 for a process that is not up. The second field of `/proc/<pid>/statm` (proc(5)), in pages. */
function rssMib(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return (pages * PAGE_BYTES) / MIB;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return 0;
    throw error;
  }
}

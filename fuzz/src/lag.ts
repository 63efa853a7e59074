import { readFileSync } from 'node:fs';
import { isErrno } from '@odograph/engines/errno';

/** Process ids, which change when a process is started again. */
export interface OurProcesses {
  readonly services: readonly number[];
  /** Those of the platform, the canary and the fuzzer. */
  readonly all: readonly number[];
}

/** How busy the machine is: what it withholds from processes that could work. */
export interface LagMeter {
  /**
   * Begins to measure. The result gives what has been withheld since then, in milliseconds: how late a timer of this
   * process was, which does nothing else, and how long the services were ready to run and had no processor, as far as
   * processes that are not ours had it.
   */
  start(): () => number;
  stop(): void;
}

const EVERY_MS = 10;
/** Nothing is measured for longer. */
const REMEMBERED_MS = 60_000;
/** What a timer is always late. */
const USUAL_MS = 5;

export function measureLag(processes: () => OurProcesses): LagMeter {
  let lates: { atMs: number; lateMs: number }[] = [];
  let dueAtMs = performance.now() + EVERY_MS;
  let times = timesOf(processes());
  const lateNow = () => Math.max(0, performance.now() - dueAtMs);
  const timer = setInterval(() => {
    const lateMs = lateNow();
    const atMs = performance.now();
    dueAtMs = atMs + EVERY_MS;
    times = timesOf(processes());
    if (lateMs < USUAL_MS) return;
    lates = [...lates.filter((late) => late.atMs > atMs - REMEMBERED_MS), { atMs, lateMs }];
  }, EVERY_MS);
  return {
    start() {
      const [startedAtMs, before] = [performance.now(), times];
      return () => {
        const own = lates.filter(({ atMs }) => atMs >= startedAtMs).map(({ lateMs }) => lateMs);
        const after = timesOf(processes());
        const taken = Math.min(after.waitedMs - before.waitedMs, after.othersMs - before.othersMs);
        return Math.max(lateNow(), ...own) + Math.max(0, taken);
      };
    },
    stop: () => clearInterval(timer),
  };
}

/** Since the machine started. */
interface Times {
  /** How long the main threads of the services waited on a run queue (`schedstat`, Documentation/scheduler). */
  readonly waitedMs: number;
  /** The processor time of all processes that are not ours. */
  readonly othersMs: number;
}

const NANOSECONDS = 1e6;
/** A tick of the kernel's times (USER_HZ). */
const TICK_MS = 10;

function timesOf({ services, all }: OurProcesses): Times {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = fieldsOf('stat');
  const busy = user + nice + system + irq + softIrq + steal;
  return {
    waitedMs: sum(services, (pid) => fieldsOf(`${pid}/schedstat`)[1]) / NANOSECONDS,
    othersMs: (busy - sum(all, ticksOf)) * TICK_MS,
  };
}

/** The times of a process in user and system mode: 14th and 15th field (proc_pid_stat(5)); its name has no spaces here. */
function ticksOf(pid: number): number {
  const fields = fieldsOf(`${pid}/stat`);
  return (fields[13] ?? 0) + (fields[14] ?? 0);
}

const sum = (pids: readonly number[], value: (pid: number) => number | undefined) =>
  pids.reduce((total, pid) => total + (value(pid) ?? 0), 0);

/** The numbers of the first line of a file of /proc; what is none is NaN. Empty for a process that has ended. */
function fieldsOf(file: string): readonly number[] {
  try {
    const [line = ''] = readFileSync(`/proc/${file}`, 'utf8').split('\n', 1);
    return line.split(/\s+/).map(Number);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}

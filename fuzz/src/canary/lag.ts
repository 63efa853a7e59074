import { readdirSync, readFileSync } from 'node:fs';
import { isErrno } from '@odograph/engines/errno';

/** The processes of the platform, by their ids. */
export interface PlatformPids {
  readonly services: readonly number[];
  readonly engines: readonly number[];
}

const EVERY_MS = 10;
/** What a timer is always late. */
const USUAL_MS = 5;
const REMEMBERED = 1_000;
const NANOSECONDS = 1e6;
/** A tick of the kernel's times (USER_HZ). */
const TICK_MS = 10;

/**
 * Measures what the machine withholds: how late timers of this process are, which does nothing else, and how long the platform
 * was ready to run and waited for a processor, as far as processes had it that are not of the platform. The fuzzer is such a
 * process. Of an engine, the thread counts that waited longest: which of them a call needs is not known.
 * @returns a function that begins a measurement, whose result gives the milliseconds that were withheld since then.
 */
export function measureLag(pids: () => PlatformPids): () => () => number {
  let lates: { readonly atMs: number; readonly lateMs: number }[] = [];
  let dueAtMs = performance.now() + EVERY_MS;
  const lateNow = () => Math.max(0, performance.now() - dueAtMs);
  setInterval(() => {
    const late = { atMs: performance.now(), lateMs: lateNow() };
    if (late.lateMs > USUAL_MS) lates = [...lates.slice(-REMEMBERED), late];
    dueAtMs = performance.now() + EVERY_MS;
  }, EVERY_MS).unref();
  return () => {
    const [startedAtMs, before] = [performance.now(), timesOf(pids())];
    return () => {
      const own = lates.filter(({ atMs }) => atMs >= startedAtMs).map(({ lateMs }) => lateMs);
      return Math.max(lateNow(), ...own) + takenMs(before, timesOf(pids()));
    };
  };
}

/** How long threads waited since they started, in nanoseconds, by their names. */
type Waits = ReadonlyMap<string, number>;

/** Since the machine started. */
export interface Times {
  /** How long the main thread of each service and the threads of each engine waited. */
  readonly waits: readonly Waits[];
  /** The processor time of all other processes. */
  readonly othersMs: number;
}

/** For how many milliseconds others had the processor between two looks, while the platform waited for it. */
export function takenMs(before: Times, after: Times): number {
  return Math.max(0, Math.min(waitedMs(before.waits, after.waits), after.othersMs - before.othersMs));
}

function timesOf({ services, engines }: PlatformPids): Times {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, steal = 0] = numbersIn('stat');
  const busy = user + nice + system + irq + softIrq + steal;
  // In user and system mode: 14th and 15th field (proc_pid_stat(5)); the names of ours have no spaces.
  const ticksOf = (pid: number) => sum(numbersIn(`${pid}/stat`).slice(13, 15));
  return {
    waits: [...services.map((pid) => [`${pid}`]), ...engines.map(threadsOf)].map(waitsOf),
    othersMs: (busy - sum([...services, ...engines].map(ticksOf))) * TICK_MS,
  };
}

/** Threads by `<process>` or `<process>/task/<thread>`. */
const waitsOf = (threads: readonly string[]): Waits =>
  new Map(threads.map((thread) => [thread, numbersIn(`${thread}/schedstat`)[1] ?? 0]));

/** How long all processes waited between two looks, each as long as that of its threads which waited longest. */
function waitedMs(before: readonly Waits[], after: readonly Waits[]): number {
  const known = new Map(before.flatMap((waits) => [...waits]));
  const longest = (waits: Waits) =>
    Math.max(0, ...Array.from(waits, ([thread, waitedNs]) => waitedNs - (known.get(thread) ?? 0)));
  return sum(after.map(longest)) / NANOSECONDS;
}

/** None for a process that has ended. */
function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** The first line of a file of /proc, in fields. Empty for a process that has ended. */
function numbersIn(file: string): readonly number[] {
  try {
    const [line = ''] = readFileSync(`/proc/${file}`, 'utf8').split('\n', 1);
    return line.split(/\s+/).map(Number);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return [];
    throw error;
  }
}

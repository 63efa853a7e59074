import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { isErrno } from '@odograph/engines/errno';
import { Fault } from '@odograph/kernel/fault';

/** What a process has used since it started. */
interface ProcessUsage {
  readonly userCpuSeconds: number;
  readonly systemCpuSeconds: number;
  /** Memory now, in MiB. */
  readonly rssMib: number;
}

/** What a process used in an interval. */
export interface IntervalUsage {
  /** CPU time; 1 is one busy core. */
  readonly cpuShare: number;
  /** The maximum of its memory in the interval, in MiB, sampled every 200 ms. */
  readonly peakRssMib: number;
}

/** What was used in an interval. */
export interface SampledUsage {
  /** By the names of the processes. A process that ended counts until its last sample. */
  readonly processes: Readonly<Record<string, IntervalUsage>>;
  readonly machine: {
    readonly cores: number;
    /** The number of busy cores. */
    readonly busy: number;
  };
}

interface UsageSampling {
  stop(): SampledUsage;
}

const POLL_MS = 200;

/**
 * Samples processes and the machine from now until stopped.
 * @throws Fault UNAVAILABLE if this is not Linux, and NOT_FOUND if a process does not exist.
 */
export function sampleUsage(pids: Readonly<Record<string, number>>): UsageSampling {
  const start = performance.now();
  const busyBefore = machineBusySeconds();
  const watched = Object.entries(pids).map(([name, pid]) => watch(name, pid));
  const timer = setInterval(() => {
    for (const process of watched) process.sample();
  }, POLL_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      for (const process of watched) process.sample();
      const seconds = (performance.now() - start) / 1_000;
      return {
        processes: Object.fromEntries(watched.map(({ name, over }) => [name, over(seconds)])),
        machine: { cores: cpus().length, busy: (machineBusySeconds() - busyBefore) / seconds },
      };
    },
  };
}

interface Watched {
  readonly name: string;
  sample(): void;
  over(seconds: number): IntervalUsage;
}

function watch(name: string, pid: number): Watched {
  const first = readUsage(pid);
  let last = first;
  let peakRssMib = first.rssMib;
  return {
    name,
    sample() {
      const now = usageIfThere(pid);
      // A process that has ended is a zombie without memory until its parent waits for it.
      if (now === undefined || now.rssMib === 0) return;
      last = now;
      peakRssMib = Math.max(peakRssMib, now.rssMib);
    },
    over(seconds) {
      const cpuShare = (cpuSeconds(last) - cpuSeconds(first)) / seconds;
      return { cpuShare, peakRssMib };
    },
  };
}

function cpuSeconds({ userCpuSeconds, systemCpuSeconds }: ProcessUsage): number {
  return userCpuSeconds + systemCpuSeconds;
}

/** @throws Fault UNAVAILABLE if this is not Linux, and NOT_FOUND if there is no such process. */
export function readUsage(pid: number): ProcessUsage {
  requireLinux(process.platform);
  const usage = usageIfThere(pid);
  if (usage === undefined) throw new Fault('NOT_FOUND', `there is no process ${pid}`);
  return usage;
}

/** @throws Fault UNAVAILABLE if this is another platform. */
export function requireLinux(platform: NodeJS.Platform): void {
  if (platform === 'linux') return;
  throw new Fault(
    'UNAVAILABLE',
    `the usage of a process is read from /proc, which needs Linux; this is ${platform}`,
  );
}

function usageIfThere(pid: number): ProcessUsage | undefined {
  try {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return { ...parseStat(read('stat')), ...parseStatus(read('status')) };
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** USER_HZ: hundredths of a second on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Of the fields after the name: utime and stime are the 14th and 15th of all (proc_pid_stat(5)). */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12] as const;

/** Reads `/proc/<pid>/stat`. The name of the process, in parentheses, may contain spaces and parentheses. */
export function parseStat(text: string): Pick<ProcessUsage, 'userCpuSeconds' | 'systemCpuSeconds'> {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const secondsAt = (at: number) => Number(fields[at]) / TICKS_PER_SECOND;
  return { userCpuSeconds: secondsAt(USER_TICKS), systemCpuSeconds: secondsAt(SYSTEM_TICKS) };
}

/** Reads `/proc/<pid>/status`. A process that has ended has no lines about memory. */
export function parseStatus(text: string): Pick<ProcessUsage, 'rssMib'> {
  return { rssMib: Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1_024 };
}

/** CPU time of all processes since the machine started, in seconds. */
function machineBusySeconds(): number {
  requireLinux(process.platform);
  return parseMachineStat(readFileSync('/proc/stat', 'utf8'));
}

/** Reads `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)). Stolen time counts as busy. */
export function parseMachineStat(text: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = text
    .slice(0, text.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

import { readFileSync } from 'node:fs';
import { isErrno } from '@odograph/engines/errno';
import { Fault } from '@odograph/kernel/fault';

/** What a process has used until now. */
export interface ProcessUsage {
  readonly userCpuSeconds: number;
  readonly systemCpuSeconds: number;
  /** Memory held now, in MiB. */
  readonly rssMib: number;
  /** The most it ever held, in MiB. */
  readonly highWaterRssMib: number;
}

/** What a process used over an interval. */
export interface IntervalUsage {
  /** CPU time over the interval; 1 is one core kept busy. */
  readonly cpuShare: number;
  /** The most memory seen within the interval, in MiB, looked at every 200 ms. */
  readonly peakRssMib: number;
  /** The most it held since it was started, in MiB: nothing is missed, but it may lie before the interval. */
  readonly highWaterRssMib: number;
}

export interface UsageSampling {
  /** Ends the interval, and gives what was used by the names of the processes. One that ended counts up to when it was last seen. */
  stop(): Readonly<Record<string, IntervalUsage>>;
}

const POLL_MS = 200;

/**
 * Watches processes by name from now until stopped.
 * @throws Fault UNAVAILABLE elsewhere than on Linux, and NOT_FOUND where a process is not there.
 */
export function sampleUsage(pids: Readonly<Record<string, number>>): UsageSampling {
  const start = performance.now();
  const watched = Object.entries(pids).map(([name, pid]) => watch(name, pid));
  const timer = setInterval(() => {
    for (const process of watched) process.look();
  }, POLL_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      for (const process of watched) process.look();
      const seconds = (performance.now() - start) / 1_000;
      return Object.fromEntries(watched.map(({ name, over }) => [name, over(seconds)]));
    },
  };
}

interface Watched {
  readonly name: string;
  look(): void;
  over(seconds: number): IntervalUsage;
}

function watch(name: string, pid: number): Watched {
  const first = readUsage(pid);
  let last = first;
  let peakRssMib = first.rssMib;
  return {
    name,
    look() {
      const now = usageIfThere(pid);
      // A process that has ended is a zombie with no memory until its parent takes note.
      if (now === undefined || now.rssMib === 0) return;
      last = now;
      peakRssMib = Math.max(peakRssMib, now.rssMib);
    },
    over(seconds) {
      const cpuShare = (cpuSeconds(last) - cpuSeconds(first)) / seconds;
      return { cpuShare, peakRssMib, highWaterRssMib: last.highWaterRssMib };
    },
  };
}

function cpuSeconds({ userCpuSeconds, systemCpuSeconds }: ProcessUsage): number {
  return userCpuSeconds + systemCpuSeconds;
}

/**
 * What a process has used since it was started.
 * @throws Fault UNAVAILABLE elsewhere than on Linux, and NOT_FOUND where there is no such process.
 */
export function readUsage(pid: number): ProcessUsage {
  requireLinux(process.platform);
  const usage = usageIfThere(pid);
  if (usage === undefined) throw new Fault('NOT_FOUND', `there is no process ${pid}`);
  return usage;
}

/** @throws Fault UNAVAILABLE on any other platform. */
export function requireLinux(platform: NodeJS.Platform): void {
  if (platform === 'linux') return;
  throw new Fault('UNAVAILABLE', `what a process uses is read from /proc of Linux, and this is ${platform}`);
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

/** USER_HZ: the kernel counts for programs in hundredths of a second, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Of the fields after the name: utime and stime are the 14th and 15th of all (proc_pid_stat(5)). */
const [USER_TICKS, SYSTEM_TICKS] = [11, 12] as const;

/** Reads `/proc/<pid>/stat`. The name of the process, in parentheses, may itself hold spaces and parentheses. */
export function parseStat(text: string): Pick<ProcessUsage, 'userCpuSeconds' | 'systemCpuSeconds'> {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const secondsAt = (at: number) => Number(fields[at]) / TICKS_PER_SECOND;
  return { userCpuSeconds: secondsAt(USER_TICKS), systemCpuSeconds: secondsAt(SYSTEM_TICKS) };
}

/** Reads `/proc/<pid>/status`. A process that has ended has no memory, and no lines about it. */
export function parseStatus(text: string): Pick<ProcessUsage, 'rssMib' | 'highWaterRssMib'> {
  const mib = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) / 1_024;
  return { rssMib: mib('VmRSS'), highWaterRssMib: mib('VmHWM') };
}

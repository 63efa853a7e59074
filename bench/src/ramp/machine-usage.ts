import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** How long the machine's cores were busy since it started, in seconds of one core. */
export function machineBusySeconds(): number {
  return parseMachineStat(readFileSync('/proc/stat', 'utf8'));
}

export const coreCount = (): number => cpus().length;

/** USER_HZ: the kernel counts for programs in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)). Stolen time is busy too. */
export function parseMachineStat(text: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = text
    .slice(0, text.indexOf('\n'))
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

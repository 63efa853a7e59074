import { execFile } from 'node:child_process';
import { Fault } from '@odograph/kernel/fault';
import { type GenericSchema, number, parse, strictObject } from 'valibot';
import type { Timing } from './timing.ts';

const timingSchema: GenericSchema<unknown, Timing> = strictObject({
  events: number(),
  durationMs: number(),
  eventsPerSecond: number(),
  clientCpuShare: number(),
  clientPeakRssMib: number(),
});

/** Of its stderr. */
const ERROR_CHARACTERS = 2_000;

/**
 * Runs a script in its own process, so that nothing else uses the time of the measured client. Its options are in its
 * environment: other users can read a command line, and the options have passwords.
 * @throws Fault UNAVAILABLE with the end of its stderr if it fails.
 */
export async function timingOf(script: string, options: object, ...args: readonly string[]): Promise<Timing> {
  return parse(timingSchema, JSON.parse(await outputOf(script, options, args)));
}

/** What a script prints, of which `timingOf` reads a timing. */
export function outputOf(
  script: string,
  options: object,
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<string> {
  const env = { ...process.env, BENCH_OPTIONS: JSON.stringify(options) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...nodeFlags, script, ...args], { env }, (cause, stdout, stderr) => {
      if (cause === null) return resolve(stdout);
      const said = stderr.trim().slice(-ERROR_CHARACTERS) || cause.message;
      reject(new Fault('UNAVAILABLE', `${script} failed: ${said}`, { cause }));
    });
  });
}

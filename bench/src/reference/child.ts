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

/** Enough to see which error it was. */
const ERROR_CHARACTERS = 2_000;

/**
 * Runs a script in a process of its own, so that nothing else takes the time of the client that is measured.
 * @throws Fault UNAVAILABLE with the end of what it wrote when it fails.
 */
export async function timingOf(script: string, ...args: readonly string[]): Promise<Timing> {
  return parse(timingSchema, JSON.parse(await outputOf(script, args)));
}

function outputOf(script: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, ...args], (cause, stdout, stderr) => {
      if (cause === null) return resolve(stdout);
      const said = stderr.trim().slice(-ERROR_CHARACTERS) || cause.message;
      reject(new Fault('UNAVAILABLE', `${script} failed: ${said}`, { cause }));
    });
  });
}

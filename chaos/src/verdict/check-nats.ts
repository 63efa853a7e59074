import { readFile } from 'node:fs/promises';
import { type Violation, violationsOf } from './violation.ts';

/** NATS writes such a line when a user publishes or subscribes on a subject that it may not use. */
const REFUSAL = /\[ERR\] .*(Publish|Subscription) Violation.*/;

/** Checks in the log of NATS that it refused nothing: each service may do what it must. */
export async function checkNats(logFile: string): Promise<readonly Violation[]> {
  const lines = (await readFile(logFile, 'utf8')).split('\n');
  const refused = lines.flatMap((line) => REFUSAL.exec(line)?.[0] ?? []);
  return violationsOf('NATS refuses nothing to a service', refused);
}

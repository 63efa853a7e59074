import type { OwnedProcess, ProcessExit } from '@odograph/engines/owned-process';

/** A process that runs and can be used: an engine or a service. */
export type Child = Pick<OwnedProcess, 'pid' | 'logFile' | 'exited' | 'stop'>;

/** Such as `was killed by SIGKILL` or `ended with exit code 1`. */
export function describeExit({ code, signal }: ProcessExit): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}

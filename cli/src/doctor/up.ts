import { platformServices } from '@odograph/cluster/services';
import { ENDED_BECAUSE, STOPPED, STOPPING, type UpLogEntry } from '@odograph/cluster/up-log';
import { askableEngines } from '@odograph/engines/ask-engine';
import { engineFacts } from '@odograph/engines/engine-kind';
import { processState } from '@odograph/engines/process-identity';
import { type Check, fail, ok, warn } from './check.ts';

interface Up {
  readonly pid: number;
  /** Whether one of its processes has been up. */
  readonly isUp: boolean;
  /** The messages of its run. */
  readonly log: readonly UpLogEntry[];
}

/** Whether `odograph up` keeps its processes up, or does something else. */
export function checkUp({ pid, isUp, log }: Up): Check {
  const up = `odograph up, process ${pid},`;
  if (processState(pid) === 'stopped')
    return fail('platform', `${up} is stopped, as by Ctrl-Z: it restarts nothing`, `kill -CONT ${pid}`);
  const ended = endOf(log);
  if (ended)
    return fail('platform', `${up} is stopping: ${ended.reason}`, `act on the reason, then ${START}`);
  if (isStopping(log))
    return warn('platform', `${up} is stopping, as it was told to`, `wait until it has ended, then ${START}`);
  if (isUp) return ok('platform', `odograph up runs as process ${pid}`);
  return fail('platform', `${up} is starting: nothing is up yet`, WAIT);
}

const WAIT = 'wait until it is, and see up.log in the data directory';
const START = 'start it with make run, or npx odograph up';

/** Whether a run ends: what it has started is stopped and not restarted. */
export function isStopping(log: readonly UpLogEntry[]): boolean {
  return log.some(({ message }) => message === STOPPING || message.startsWith(ENDED_BECAUSE));
}

/** When a run ended by itself, and why. */
function endOf(log: readonly UpLogEntry[]): { readonly at: string; readonly reason: string } | undefined {
  const ended = log.findLast(({ message }) => message.startsWith(ENDED_BECAUSE));
  return ended && { at: ended.at, reason: ended.message.slice(ENDED_BECAUSE.length) };
}

/** Why no `odograph up` runs, as far as the last one has said it. */
export function notRunning(log: readonly UpLogEntry[]): Check {
  const ended = endOf(log);
  if (ended)
    return fail(
      'platform',
      `no odograph up runs here; the last one ended at ${ended.at}: ${ended.reason}`,
      `act on the reason, then ${START}`,
    );
  const last = log.at(-1);
  if (last && last.message !== STOPPED && last.message !== STOPPING)
    return fail(
      'platform',
      `no odograph up runs here; the last one ended without a word after ${last.at}: it was killed, the machine went down, or the disk was full`,
      `see the log of the kernel if it was not killed by hand, then ${START}`,
    );
  return warn(
    'platform',
    'no odograph up runs on this data directory',
    `${START}; if one runs on another, set ODO_DATA_DIR to that`,
  );
}

/** A process that is restarted again and again may serve just now. */
const RESTARTS_WARNED_FROM = 3;
const RECENT_MS = 10 * 60_000;
/** A note of a supervised process, such as `history was killed by SIGKILL: restarting it in 0.2 s`. */
const RESTART = /^((\S+) .*): restarting it in \S+ s$/s;
/** The checks by the names that begin such a note. */
const CHECKS: Readonly<Record<string, string>> = Object.fromEntries([
  ...platformServices.map(({ name }) => [name, name]),
  ...askableEngines.flatMap((kind) => {
    const { title } = engineFacts[kind];
    return [
      [kind, title],
      [title, title],
    ];
  }),
]);

/** How a process ended, by the name of its check. */
interface End {
  readonly check: string;
  readonly at: string;
  readonly how: string;
}

function endsIn(log: readonly UpLogEntry[]): readonly End[] {
  return log.flatMap(({ at, message }) => {
    const [, how, name = ''] = RESTART.exec(message) ?? [];
    return how === undefined ? [] : [{ check: CHECKS[name] ?? 'platform', at, how }];
  });
}

/** A process that has not been up in this run, with how it ended last. */
export function notUpYet(check: string, log: readonly UpLogEntry[]): Check {
  const last = endsIn(log).findLast((end) => end.check === check);
  return fail(check, last ? `is not up yet; at ${last.at}: ${last.how}` : 'is not up yet', WAIT);
}

/** Warns of each process that ended several times lately, with how it ended last. */
export function* checkRestarts(log: readonly UpLogEntry[], nowMs: number): Generator<Check> {
  const ends = endsIn(log).filter(({ at }) => Date.parse(at) > nowMs - RECENT_MS);
  for (const [check, own = []] of Object.entries(Object.groupBy(ends, (end) => end.check))) {
    const last = own.at(-1);
    if (own.length < RESTARTS_WARNED_FROM || !last) continue;
    const message = `${own.length} restarts within 10 minutes, last at ${last.at}: ${last.how}`;
    yield warn(
      check,
      message,
      'see up.log in the data directory, and what the log of the process says before each end',
    );
  }
}

import {
  type AskableEngine,
  askEngine,
  type ClockReading,
  type EngineAnswer,
  placeOf,
} from '@odograph/engines/ask-engine';
import { engineFacts } from '@odograph/engines/engine-kind';
import { inWords } from '../terminal/durations.ts';
import { type Check, fail as failed, ok, warn } from './check.ts';

/** An engine that services use. */
export interface RunningEngine {
  readonly kind: AskableEngine;
  readonly url: string;
  /** Its process, if `odograph up` started it. */
  readonly pid: number | undefined;
}

/** Whether an engine answers, and whether its clock is ours. */
export async function* checkEngine(engine: RunningEngine): AsyncGenerator<Check> {
  const { kind, url, pid } = engine;
  const answer = await askEngine(kind, url, pid);
  yield checkAnswer(engine, answer);
  if (answer.state === 'answers' && answer.clock) yield* checkClock(engineFacts[kind].title, answer.clock);
}

/** Without an optional engine the platform only takes longer to answer. */
export function checkAnswer({ kind, url, pid }: RunningEngine, answer: EngineAnswer): Check {
  const { title, urlVariable, isOptional } = engineFacts[kind];
  const fail = isOptional ? warn : failed;
  const { name, address } = placeOf(kind, url);
  const at = `at ${name}`;
  const process = pid === undefined ? '' : ` (process ${pid})`;
  switch (answer.state) {
    case 'answers':
      return ok(title, `${answer.version ?? 'it'} answers ${at}${process}`);
    case 'stopped':
      return fail(title, `${at}: process ${pid} is stopped, so it answers nothing`, `kill -CONT ${pid}`);
    case 'does not listen':
      return fail(
        title,
        `process ${pid} does not listen ${at}: it is starting or ending`,
        `wait until it listens; what keeps it is in ${kind}/${kind}.log in the data directory`,
      );
    case 'silent':
      return fail(
        title,
        `${at}${process} accepts connections and does not answer`,
        pid === undefined
          ? 'look at the machine that it runs on'
          : `see ${kind}/${kind}.log in the data directory, and the disk; kill ${pid}, and odograph up restarts it`,
      );
    case 'without JetStream':
      return fail(
        title,
        `${at}${process} has switched JetStream off, as it does when its disk is full`,
        `free some space, then ${pid === undefined ? 'restart NATS' : `kill ${pid}: odograph up restarts it`}`,
      );
    case 'unreachable':
      return fail(title, `cannot be reached ${at}: ${answer.reason}`, `start it, or correct ${urlVariable}`);
    case 'away': {
      if (answer.isPortTaken)
        return fail(
          title,
          `another program answers ${at}`,
          `find it with ss -ltnp 'sport = :${address?.port}' and stop it`,
        );
      const remedy = `start it, or set ${urlVariable} to where it runs`;
      if (pid === undefined) return fail(title, `nothing listens ${at}`, remedy);
      return fail(
        title,
        `process ${pid} has ended: nothing listens ${at}`,
        `odograph up restarts it: see up.log, and ${kind}/${kind}.log in the data directory`,
      );
    }
  }
}

/** More than leases, deadlines and the order of reports bear. */
const APART_MS = 2_000;

/** Warns if a clock elsewhere is not ours. Says nothing if it is. */
export function* checkClock(
  whose: string,
  { theirsMs, askedAtMs, answeredAtMs }: ClockReading,
): Generator<Check> {
  const aheadMs = Math.max(0, theirsMs - answeredAtMs) || Math.min(0, theirsMs - askedAtMs);
  if (Math.abs(aheadMs) <= APART_MS) return;
  yield warn(
    'clocks',
    `the clock of ${whose} is ${inWords(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} that of this machine`,
    'set both by NTP: ingest judges the times of reports by its clock, and MongoDB must not be set back while it runs',
  );
}

import { pause } from '@odograph/kernel/clock';
import { type Fault, isFault } from '@odograph/kernel/fault';
import { comparePositions, formatPosition, type Position } from '@odograph/kernel/position';
import { connectHistory } from '../client/history.ts';
import { type LoggedEvent, toLoggedEvent } from '../client/logged-event.ts';
import { type Violation, violationsOf } from './violation.ts';

const POLL_MS = 100;
/** The longest delay of a timer. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

/** A subscriber of the log that remembers what it received. */
export interface Follower {
  /** How long it works on each message, in milliseconds. 0: no delay; Infinity: it stops reading until the next call. */
  setPace(msPerMessage: number): void;
  /**
   * Waits until it has reached these positions, stops it, and compares what it received with the log. It resumes after
   * each disconnect, but a fault that a retry cannot help ends it and breaks a rule.
   */
  check(
    log: readonly LoggedEvent[],
    heads: readonly Position[],
    withinMs: number,
  ): Promise<readonly Violation[]>;
  /** Stops it. The violation is the fault that ended it before. */
  stop(): Promise<readonly Violation[]>;
}

export function startFollower(endpoint: string): Follower {
  const history = connectHistory(endpoint);
  const stopping = new AbortController();
  const reached = new Map<number, Position>();
  const received: LoggedEvent[] = [];
  let fault: Fault | undefined;
  let pace = new AbortController();
  let msPerMessage = 0;

  async function follow(): Promise<void> {
    for await (const { events, position } of history.eventBatches({ signal: stopping.signal })) {
      received.push(...events.filter(({ event }) => event.type !== 'TimeTicked').map(toLoggedEvent));
      reached.set(position.partition, position);
      if (msPerMessage > 0) await pause(Math.min(msPerMessage, LONGEST_PAUSE_MS), pace.signal);
    }
  }

  async function stop(): Promise<readonly Violation[]> {
    pace.abort();
    stopping.abort();
    await following;
    history.close();
    const rule = 'a subscription fails only in ways that a retry can help';
    return fault ? [{ rule, detail: `it failed with ${fault.code}: ${fault.message}` }] : [];
  }

  const following = follow().catch((error: unknown) => {
    if (!isFault(error)) throw error;
    fault = error;
  });
  return {
    setPace(ms) {
      msPerMessage = ms;
      pace.abort();
      pace = new AbortController();
    },
    async check(log, heads, withinMs) {
      const deadlineAtMs = performance.now() + withinMs;
      const isAtEnd = () => heads.every((head) => hasReached(reached.get(head.partition), head));
      while (!fault && !isAtEnd() && performance.now() < deadlineAtMs) await pause(POLL_MS);
      const failed = await stop();
      if (failed.length > 0) return failed;
      if (isAtEnd()) return compare(received, log);
      const detail = `not within ${withinMs} ms: it is at ${[...reached.values()].map(formatPosition).join(', ')}`;
      return [{ rule: 'a subscriber reaches the end of the log', detail }];
    },
    stop,
  };
}

const hasReached = (at: Position | undefined, head: Position) =>
  head.sequence === 0 || (at !== undefined && comparePositions(at, head) >= 0);

/** Events behind the last one of the log are ignored: they came after the log was read. */
function compare(received: readonly LoggedEvent[], log: readonly LoggedEvent[]): readonly Violation[] {
  const partitions = Map.groupBy(log, ({ position }) => position.partition);
  const differences = [...partitions].flatMap(([partition, expected]) => {
    const own = received.filter(({ position }) => position.partition === partition);
    const at = expected.findIndex((logged, index) => lineOf(own[index]) !== lineOf(logged));
    return at < 0 ? [] : [`it received ${lineOf(own[at])}, the log has ${lineOf(expected[at])}`];
  });
  return violationsOf('a subscriber sees exactly the log', differences);
}

const lineOf = (logged: LoggedEvent | undefined) =>
  logged ? `${logged.type} ${logged.identity} at ${formatPosition(logged.position)}` : 'nothing';

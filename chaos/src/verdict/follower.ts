import {
  EventLogClient,
  type SubscribeResponse,
} from '@odograph/contracts/generated/odograph/history/v1/event_log';
import { pause } from '@odograph/kernel/clock';
import { isFault } from '@odograph/kernel/fault';
import { comparePositions, formatPosition, type Position } from '@odograph/kernel/position';
import { callServerStream, createGrpcClient } from '@odograph/platform/grpc/client';
import { isTick, type LoggedEvent, toLoggedEvent } from './logged-event.ts';
import { type Violation, violationsOf } from './violation.ts';

const RETRY_MS = 100;
/** What a timer can hold. */
const LONGEST_PAUSE_MS = 2 ** 31 - 1;

/** Follows the log as any subscriber does, and goes on where it was whenever its stream breaks. */
export interface Follower {
  readonly name: string;
  /** Takes so much time over each message, in milliseconds; 0: as fast as it comes; Infinity: it is stuck until told otherwise. */
  setPace(msPerMessage: number): void;
  /** Ends once it has come to these positions. Holds what it saw against the log. */
  check(
    log: readonly LoggedEvent[],
    heads: readonly Position[],
    withinMs: number,
  ): Promise<readonly Violation[]>;
  stop(): Promise<void>;
}

export function startFollower(name: string, endpoint: string): Follower {
  const client = createGrpcClient(EventLogClient, endpoint);
  const stopping = new AbortController();
  const reached = new Map<number, Position>();
  const seen: LoggedEvent[] = [];
  let pace = new AbortController();
  let msPerMessage = 0;

  function take({ events, position }: SubscribeResponse): void {
    seen.push(...events.filter(({ event }) => event && !isTick(event)).map(toLoggedEvent));
    if (position) reached.set(position.partition, position);
  }

  async function followOnce(): Promise<void> {
    const request = { after: [...reached.values()], partitions: [] };
    for await (const message of callServerStream(client.subscribe, request, stopping)) {
      take(message);
      if (msPerMessage > 0) await pause(Math.min(msPerMessage, LONGEST_PAUSE_MS), pace.signal);
    }
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await followOnce().catch(throwUnlessFault);
      await pause(RETRY_MS, stopping.signal);
    }
  }

  async function stop(): Promise<void> {
    pace.abort();
    stopping.abort();
    await following;
    client.close();
  }

  const following = follow();
  return {
    name,
    setPace(ms) {
      msPerMessage = ms;
      pace.abort();
      pace = new AbortController();
    },
    async check(log, heads, withinMs) {
      const deadlineAtMs = performance.now() + withinMs;
      const isThere = () => heads.every((head) => hasReached(reached.get(head.partition), head));
      while (!isThere() && performance.now() < deadlineAtMs) await pause(RETRY_MS);
      await stop();
      if (!isThere()) return [{ rule: `${name} comes to the end of the log`, detail: placesOf(reached) }];
      return compare(name, seen, log);
    },
    stop,
  };
}

/** A stream that breaks is opened again. */
function throwUnlessFault(error: unknown): void {
  if (!isFault(error)) throw error;
}

const hasReached = (at: Position | undefined, head: Position) =>
  head.sequence === 0 || (at !== undefined && comparePositions(at, head) >= 0);

const placesOf = (reached: ReadonlyMap<number, Position>) =>
  `it stands at ${[...reached.values()].map(formatPosition).join(', ')}`;

/** What one subscriber saw of each partition is the log, event by event. What came after the log was read does not count. */
function compare(
  name: string,
  seen: readonly LoggedEvent[],
  log: readonly LoggedEvent[],
): readonly Violation[] {
  const partitions = Map.groupBy(log, ({ position }) => position.partition);
  const differences = [...partitions].flatMap(([partition, expected]) => {
    const own = seen.filter(({ position }) => position.partition === partition);
    const at = expected.findIndex((logged, place) => lineOf(own[place]) !== lineOf(logged));
    return at < 0 ? [] : [`it saw ${lineOf(own[at])} where the log has ${lineOf(expected[at])}`];
  });
  return violationsOf(`${name} sees exactly the log`, differences);
}

const lineOf = (logged: LoggedEvent | undefined) =>
  logged ? `${logged.type} ${logged.identity} at ${formatPosition(logged.position)}` : 'nothing';

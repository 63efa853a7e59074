import { createHash } from 'node:crypto';
import type { Aggregate } from '@odograph/kernel/aggregate';
import type { Clock } from '@odograph/kernel/clock';
import { type Decider, isRejection } from '@odograph/kernel/decider';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type EventPosition, formatPosition } from '@odograph/kernel/position';
import type { DecisionEvent, DecisionHead } from '@odograph/kernel/vehicle-event';
import { beforeDeadline } from '@odograph/platform/grpc/handler';
import { createTurns } from '@odograph/platform/turns';
import type { CommandCall } from './append-event.ts';

/** A command on an aggregate. Sent again with the same id, it gets the same answer. */
export interface DecisionRequest<Command> {
  readonly subject: string;
  readonly decisionId: string;
  /** Decide only on this version. */
  readonly expectedVersion?: number | undefined;
  readonly command: Command;
}

/** A decision that is in the log. */
interface Decided {
  /** The version of the aggregate after it. */
  readonly version: number;
  readonly position: EventPosition;
}

/** What the log makes of a decision that readers do not see. */
export type LeftOut = 'duplicate' | 'superseded';

interface DecideDeps<Command, State, Fact extends object> {
  readonly decider: Decider<Command, State, Fact>;
  /** The aggregate as the views of this process have it now. Throws a Fault if nothing can be decided on it. */
  readonly load: (request: DecisionRequest<Command>) => Promise<Aggregate<State>>;
  readonly toEvent: (head: DecisionHead, fact: Fact) => DecisionEvent;
  /** Appends an event, and gives its position once it is on disk. */
  readonly append: (event: DecisionEvent, call: CommandCall) => Promise<EventPosition>;
  /** Waits until the views include a position. */
  readonly reach: (position: EventPosition, signal: AbortSignal) => Promise<void>;
  /** Waits until the views include what the log has of a subject when this is called. */
  readonly reachHead: (subject: string, signal: AbortSignal) => Promise<void>;
  /** Why readers do not see an event that was appended; undefined if the log does not say so. */
  readonly whyLeftOut: (event: DecisionEvent, position: EventPosition) => Promise<LeftOut | undefined>;
  readonly clock: Clock;
}

/** How often a decision is made again after another one took its version. */
export const MAX_REPEATS = 5;
/** A refusal on a state that is old may be wrong. An append on it is not: the log refuses a version that is taken. */
const REFUSALS = ['NOT_FOUND', 'RULE_VIOLATED', 'VERSION_CONFLICT'] as const;

/**
 * Load, decide, append, wait until the views include it, and load again: the folded state says what the log made of the
 * decision, because readers do not see one that another decision supersedes. The decisions of one aggregate are made one
 * after the other in this process; against other processes, the log keeps each version once, and a decision that lost its
 * version is made again on the new state. A refusal is made on all that the log has, also by another process.
 *
 * The returned function throws a Fault: INVALID_INPUT, NOT_FOUND or RULE_VIOLATED by the rules; VERSION_CONFLICT if the
 * version is not the expected one, or the race was lost too often; UNAVAILABLE or DEADLINE if the decision may be made or
 * not. After any fault, the same decision can be sent again.
 */
export function createDecide<Command, State, Fact extends object>(deps: DecideDeps<Command, State, Fact>) {
  const inTurn = createTurns();
  return (request: DecisionRequest<Command>, call: CommandCall): Promise<Decided> =>
    inTurn(request.subject, () => decide(deps, request, call));
}

async function decide<Command, State, Fact extends object>(
  deps: DecideDeps<Command, State, Fact>,
  request: DecisionRequest<Command>,
  call: CommandCall,
): Promise<Decided> {
  const commandHash = hashOf(request.command);
  /** The log has the versions up to this one, also if the folded state does not: a decision that was parked can be dropped. */
  let takenVersion = 0;
  for (let lost = 0; lost <= MAX_REPEATS; ) {
    call.signal.throwIfAborted();
    const next = await onHeadIfRefused(
      () => nextOf(deps, request, { commandHash, takenVersion }),
      () => deps.reachHead(request.subject, call.signal),
    );
    if ('version' in next) return next;
    const position = await deps.append(next, call);
    await deps.reach(position, beforeDeadline(call));
    const aggregate = await loadAfter(deps, request, position);
    const made = madeIn(aggregate, request, commandHash);
    if (made) return made;
    if (aggregate.version >= next.aggregateVersion) lost += 1;
    else takenVersion = await versionTakenFrom(deps, next, position);
  }
  const message = `${request.subject} was changed ${MAX_REPEATS + 1} times while this was decided: read it again, then decide again`;
  throw new Fault('VERSION_CONFLICT', message);
}

/** Does a work again on all that the log has, if it is refused. */
async function onHeadIfRefused<T>(work: () => Promise<T>, reachHead: () => Promise<void>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isFault(error, ...REFUSALS)) throw error;
    await reachHead();
    return work();
  }
}

interface DecidedWith {
  readonly commandHash: string;
  readonly takenVersion: number;
}

/** The decision if it was made already, otherwise the event to append. */
async function nextOf<Command, State, Fact extends object>(
  deps: DecideDeps<Command, State, Fact>,
  request: DecisionRequest<Command>,
  { commandHash, takenVersion }: DecidedWith,
): Promise<Decided | DecisionEvent> {
  const aggregate = await deps.load(request);
  const made = madeIn(aggregate, request, commandHash);
  return made ?? eventOf(deps, request, { aggregate, commandHash, takenVersion });
}

/** The decision with this id, if the folded state has it. Throws a Fault if another one has the id. */
function madeIn(
  { decisions }: Aggregate<unknown>,
  { decisionId }: DecisionRequest<unknown>,
  commandHash: string,
): Decided | undefined {
  const made = decisions.find(({ id }) => id === decisionId);
  if (!made) return undefined;
  if (made.commandHash !== commandHash) throw usedId(decisionId, 'with other content');
  return { version: made.version, position: made.position };
}

/** An event of the aggregate may have been parked just before the decision: then the decision waits behind it. */
async function loadAfter<Command, State>(
  { load }: Pick<DecideDeps<Command, State, object>, 'load'>,
  request: DecisionRequest<Command>,
  position: EventPosition,
): Promise<Aggregate<State>> {
  try {
    return await load(request);
  } catch (error) {
    if (!isFault(error, 'RULE_VIOLATED')) throw error;
    const message = `the decision was appended at ${formatPosition(position)}, but waits: ${error.message}`;
    throw new Fault('RULE_VIOLATED', message, { cause: error });
  }
}

/**
 * The version of an event, if the log left the event out because it has that version from a decision that the folded state
 * does not have. Throws a Fault if it was left out because of its id, or if the log does not have the event at its position.
 */
async function versionTakenFrom(
  { whyLeftOut }: Pick<DecideDeps<never, unknown, object>, 'whyLeftOut'>,
  event: DecisionEvent,
  position: EventPosition,
): Promise<number> {
  const why = await whyLeftOut(event, position);
  if (why === 'superseded') return event.aggregateVersion;
  if (why === 'duplicate') throw usedId(event.reportId, 'that is no longer remembered');
  const message = `decision ${event.reportId} is not in the log at ${formatPosition(position)}: send it again with the same id`;
  throw new Fault('UNAVAILABLE', message);
}

/** The event of the decision on a state. Throws the Fault of a command that the rules refuse. */
function eventOf<Command, State, Fact extends object>(
  { decider, toEvent, clock }: DecideDeps<Command, State, Fact>,
  { subject, decisionId, command, expectedVersion }: DecisionRequest<Command>,
  { aggregate, commandHash, takenVersion }: DecidedOn<State>,
): DecisionEvent {
  const { version, state } = aggregate;
  if (expectedVersion !== undefined && expectedVersion !== version) {
    const message = `${subject} has version ${version}, not ${expectedVersion}: read it again, then decide again`;
    throw new Fault('VERSION_CONFLICT', message);
  }
  const fact = decider.decide(command, state);
  if (isRejection(fact)) throw new Fault(fact.rejected, fact.message, { findings: fact.findings });
  const nowMs = clock.now();
  const at = { observedAtMs: nowMs, receivedAtMs: nowMs };
  const aggregateVersion = Math.max(version, takenVersion) + 1;
  return toEvent({ subject, reportId: decisionId, ...at, aggregateVersion, commandHash }, fact);
}

interface DecidedOn<State> extends DecidedWith {
  readonly aggregate: Aggregate<State>;
}

function usedId(decisionId: string, which: string): Fault {
  const description = `${decisionId} is that of an earlier decision ${which}: give this one a new id`;
  const findings = [{ field: 'decision_id', reason: 'REUSED', description }];
  return new Fault('INVALID_INPUT', `decision_id ${description}`, { findings });
}

const HASH_BYTES = 16;

/** Hex of what is asked for. A command is built in one place, so the same request gives the same text. */
function hashOf(command: unknown): string {
  const digest = createHash('sha256').update(JSON.stringify(command)).digest();
  return digest.subarray(0, HASH_BYTES).toString('hex');
}

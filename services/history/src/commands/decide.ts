import { createHash } from 'node:crypto';
import type { Clock } from '@odograph/kernel/clock';
import { type Decider, isRejection } from '@odograph/kernel/decider';
import { Fault, isFault } from '@odograph/kernel/fault';
import { type EventPosition, formatPosition } from '@odograph/kernel/position';
import type { DecisionEvent, DecisionHead } from '@odograph/kernel/vehicle-event';
import type { Aggregate } from '../domain/aggregate.ts';
import type { CommandCall } from './append-event.ts';
import { createTurns } from './turns.ts';

/** A command on an aggregate. Sent again with the same id, it gets the same answer. */
export interface DecisionRequest<Command> {
  readonly subject: string;
  readonly decisionId: string;
  /** Decide only on this version. */
  readonly expectedVersion?: number | undefined;
  readonly command: Command;
}

/** A decision that is in the log. */
export interface Decided {
  /** The version of the aggregate after it. */
  readonly version: number;
  readonly position: EventPosition;
}

interface DecideDeps<Command, State, Fact extends object> {
  readonly decider: Decider<Command, State, Fact>;
  /** The aggregate as the views have it now. Throws a Fault if nothing can be decided on it. */
  readonly load: (request: DecisionRequest<Command>) => Promise<Aggregate<State>>;
  readonly toEvent: (head: DecisionHead, fact: Fact) => DecisionEvent;
  /** Appends an event, and gives its position once it is on disk. */
  readonly append: (event: DecisionEvent, call: CommandCall) => Promise<EventPosition>;
  /** Waits until the views include a position. */
  readonly reach: (position: EventPosition, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
}

/** How often a decision is made again after another one took its version. */
const MAX_REPEATS = 5;

/**
 * Load, decide, append, wait until the views include it, and load again: the folded state says what the log made of the
 * decision, because readers do not see one that another decision supersedes. The decisions of one aggregate are made one
 * after the other in this process; against other processes, the log keeps each version once, and a decision that lost its
 * version is made again on the new state.
 *
 * The returned function throws a Fault: INVALID_INPUT or RULE_VIOLATED by the rules; VERSION_CONFLICT if the version is
 * not the expected one, or the race was lost too often; those of an append that is not confirmed. After any fault, the
 * same decision can be sent again.
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
  const { subject, decisionId } = request;
  const commandHash = hashOf(request.command);
  let appendedAt: EventPosition | undefined;
  let decidedOn: number | undefined;
  for (let repeats = 0; ; repeats += 1) {
    call.signal.throwIfAborted();
    const aggregate = await load(deps, request, appendedAt);
    const made = aggregate.decisions.find(({ id }) => id === decisionId);
    if (made) {
      if (made.commandHash !== commandHash) throw usedId(decisionId, 'with other content');
      return { version: made.version, position: made.position };
    }
    // No other decision took the version, so the log left this one out because of its id.
    if (aggregate.version === decidedOn) throw usedId(decisionId, 'that is no longer remembered');
    if (repeats > MAX_REPEATS) {
      const message = `${subject} was changed ${repeats} times while this was decided: read it again, then decide again`;
      throw new Fault('VERSION_CONFLICT', message);
    }
    const event = eventOf(deps, request, { aggregate, commandHash });
    decidedOn = aggregate.version;
    appendedAt = await deps.append(event, call);
    await deps.reach(appendedAt, call.signal);
  }
}

/** An event of the aggregate may have been parked just before the decision: then it is in the log, and waits. */
async function load<Command, State>(
  deps: Pick<DecideDeps<Command, State, object>, 'load'>,
  request: DecisionRequest<Command>,
  appendedAt: EventPosition | undefined,
): Promise<Aggregate<State>> {
  try {
    return await deps.load(request);
  } catch (error) {
    if (!appendedAt || !isFault(error, 'RULE_VIOLATED')) throw error;
    const message = `the decision is in the log at ${formatPosition(appendedAt)}, but waits: ${error.message}`;
    throw new Fault('RULE_VIOLATED', message, { cause: error });
  }
}

/** The event of the decision on a state. Throws the Fault of a command that the rules refuse. */
function eventOf<Command, State, Fact extends object>(
  { decider, toEvent, clock }: DecideDeps<Command, State, Fact>,
  { subject, decisionId, command, expectedVersion }: DecisionRequest<Command>,
  { aggregate, commandHash }: { readonly aggregate: Aggregate<State>; readonly commandHash: string },
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
  return toEvent({ subject, reportId: decisionId, ...at, aggregateVersion: version + 1, commandHash }, fact);
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

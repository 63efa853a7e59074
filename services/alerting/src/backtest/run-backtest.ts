import type { Client } from '@odograph/client';
import type { LogEvent } from '@odograph/client/log';
import { decodeEvent, NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import { DECISION_PARTITION } from '@odograph/kernel/alert-event';
import { Fault, isFault } from '@odograph/kernel/fault';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import { WorkTurn } from '@odograph/platform/work-turn';
import type { Profile } from '../domain/partition-alerts.ts';
import type { Rule } from '../domain/rule.ts';
import { type SilenceState, silenceDecider } from '../domain/silence-decisions.ts';
import { sequenceBefore } from './log-section.ts';
import { type BacktestTimelines, RuleBacktest } from './rule-backtest.ts';

/** A rule that is tried. */
export interface TriedRule {
  readonly document: string;
  readonly rule: Rule;
  /** How far back it looks, in milliseconds: so much is read before the time that is asked for. */
  readonly memoryMs: number;
}

export interface BacktestRequest {
  readonly rules: readonly [TriedRule, ...TriedRule[]];
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxEvents: number;
  readonly signal: AbortSignal;
}

interface BacktestDeps {
  readonly client: Pick<Client, 'readLog' | 'eventBatches' | 'watermarks' | 'vehicles'>;
  readonly partitionCount: number;
}

/** How far a backtest is. */
export interface BacktestProgress {
  readonly share: number;
  readonly events: number;
}

export interface BacktestOutcome {
  /** For each rule that is tried. */
  readonly timelines: readonly BacktestTimelines[];
  readonly vehicles: number;
  readonly events: number;
  /** Of the first rule, for each partition. */
  readonly hashes: readonly string[];
}

/** What came so long after the time that is asked for still says what was true in it. */
const LATE_MS = 3_600_000;
const EVENT_BYTES = 1_024;
const PROGRESS_EVERY = 20_000;

/** Reads a part of the log again, and evaluates rules on it. It yields how far it is, and returns what they would have done. */
export async function* runBacktest(
  { client, partitionCount }: BacktestDeps,
  request: BacktestRequest,
): AsyncGenerator<BacktestProgress, BacktestOutcome, undefined> {
  const { rules, fromMs, toMs, signal } = request;
  const [profiles, silences] = [await readProfiles(client, signal), await readSilences(client, signal)];
  const counted = { events: 0, vehicles: new Set<string>() };
  const parts: RuleBacktest[][] = [];
  const ends = new Map((await client.watermarks({ signal })).map((end) => [end.partition, end.sequence]));
  for (let partition = 0; partition < partitionCount; partition += 1) {
    const tried = rules.map(
      ({ document, rule }) =>
        new RuleBacktest({
          ...{ document, rule, fromMs, toMs, profiles, silencesAt: (atMs) => silencesAt(silences, atMs) },
        }),
    );
    parts.push(tried);
    const end = ends.get(partition) ?? 0;
    const readFromMs = fromMs - Math.max(...rules.map(({ memoryMs }) => memoryMs));
    const start = await sequenceBefore(client, partition, readFromMs, end);
    const section = { partition, start, end };
    for await (const share of replay(client, section, { ...request, tried, counted }))
      yield { share: (partition + share) / partitionCount, events: counted.events };
  }
  return {
    timelines: rules.map((_, at) => joined(parts.map((part) => (part[at] as RuleBacktest).result()))),
    ...{ vehicles: counted.vehicles.size, events: counted.events },
    hashes: parts.map(([first]) => first?.hash() ?? ''),
  };
}

interface Section {
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

interface Replaying extends BacktestRequest {
  readonly tried: readonly RuleBacktest[];
  readonly counted: { events: number; readonly vehicles: Set<string> };
}

/** Yields the share of the section that is read. */
async function* replay(
  client: BacktestDeps['client'],
  { partition, start, end }: Section,
  replaying: Replaying,
): AsyncGenerator<number, void, undefined> {
  if (start >= end) return;
  const { counted, maxEvents, signal } = replaying;
  const ending = new AbortController();
  const own = AbortSignal.any([signal, ending.signal]);
  const after = [{ partition, sequence: start }];
  let toldAt = counted.events;
  try {
    for await (const batch of client.eventBatches({ partitions: [partition], after, signal: own })) {
      const isOver = await takeBatch(batch.events, replaying);
      if (counted.events > maxEvents) throw tooMany(maxEvents);
      if (isOver || batch.position.sequence >= end) return;
      if (counted.events - toldAt < PROGRESS_EVERY) continue;
      toldAt = counted.events;
      yield (batch.position.sequence - start) / (end - start);
    }
    signal.throwIfAborted();
  } finally {
    ending.abort();
  }
}

/** Whether the events have come to the end of the time. */
async function takeBatch(
  events: readonly LogEvent[],
  { tried, counted, toMs, signal }: Replaying,
): Promise<boolean> {
  const turn = new WorkTurn(signal);
  for (const logged of events) {
    counted.events += 1;
    const event = decoded(logged);
    if (!event) continue;
    if (event.receivedAtMs >= toMs + LATE_MS) return true;
    if (event.type === 'TelemetryReported') counted.vehicles.add(event.subject);
    const at = { ...logged.position, index: logged.position.index ?? 0 };
    for (const each of tried) each.take(event, at);
    if (turn.isOver(EVENT_BYTES)) await turn.next();
  }
  return false;
}

function tooMany(maxEvents: number): Fault {
  const message = `the time has more than ${maxEvents} events: ask for a shorter one, or allow more events`;
  return new Fault('OVERLOADED', message, { limit: `${maxEvents} events a backtest` });
}

/** Undefined for what this program does not know, or what is not right: live it changes nothing either. */
function decoded({ event }: LogEvent): VehicleEvent | undefined {
  if (!NEWEST_VERSIONS.has(event.type)) return undefined;
  try {
    return decodeEvent(event);
  } catch (error) {
    if (!isFault(error, 'CORRUPT_LOG')) throw error;
    return undefined;
  }
}

async function readProfiles(
  client: BacktestDeps['client'],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Profile>> {
  const profiles = new Map<string, Profile>();
  for await (const { vehicleId, registration, isRetired } of client.vehicles({
    signal,
    includeRetired: true,
  })) {
    const { fleet = 'default', tags = [] } = registration ?? {};
    profiles.set(vehicleId, { fleet, tags, isRetired });
  }
  return profiles;
}

/** What was decided about silences, the first decision first. */
interface SilenceDecision {
  readonly id: string;
  readonly atMs: number;
  readonly state: SilenceState;
}

async function readSilences(
  client: BacktestDeps['client'],
  signal: AbortSignal,
): Promise<readonly SilenceDecision[]> {
  const decisions: SilenceDecision[] = [];
  const states = new Map<string, SilenceState>();
  const types = ['SilenceSet', 'SilenceEnded'];
  for await (const { event: wire } of client.readLog({ partitions: [DECISION_PARTITION], types, signal })) {
    const event = decodeEvent(wire);
    if (event.type !== 'SilenceSet' && event.type !== 'SilenceEnded') continue;
    const state = silenceDecider.evolve(states.get(event.subject) ?? silenceDecider.initial, event);
    states.set(event.subject, state);
    decisions.push({ id: event.subject, atMs: event.receivedAtMs, state });
  }
  return decisions;
}

/** The silences as they were decided up to a time. */
function silencesAt(decisions: readonly SilenceDecision[], atMs: number): readonly SilenceState[] {
  if (decisions.length === 0) return [];
  const states = new Map<string, SilenceState>();
  for (const decision of decisions) if (decision.atMs <= atMs) states.set(decision.id, decision.state);
  return [...states.values()];
}

function joined(parts: readonly BacktestTimelines[]): BacktestTimelines {
  return {
    asKnownThen: parts.flatMap(({ asKnownThen }) => asKnownThen),
    asKnownNow: parts.flatMap(({ asKnownNow }) => asKnownNow),
    flapping: parts.reduce((sum, { flapping }) => sum + flapping, 0),
  };
}

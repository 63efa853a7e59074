import type { Client } from '@odograph/client';
import type { LogEvent } from '@odograph/client/log';
import { decodeEvent, NEWEST_VERSIONS } from '@odograph/contracts/event-catalogue';
import { DECISION_PARTITION } from '@odograph/kernel/alert-event';
import { Fault, invariant, isFault } from '@odograph/kernel/fault';
import type { VehicleEvent } from '@odograph/kernel/vehicle-event';
import type { Profile } from '../domain/partition-alerts.ts';
import type { Rule } from '../domain/rule.ts';
import { type SilenceState, silenceDecider } from '../domain/silence-decisions.ts';
import { compileRule } from '../rules/compile.ts';
import { readRules } from '../rules/rule-file.ts';
import { memoryOf } from '../rules/rule-of-document.ts';
import { sequenceBefore } from './log-section.ts';
import { type BacktestTimelines, RuleBacktest } from './rule-backtest.ts';

/** What a backtest is asked for: plain data. */
export interface BacktestRequest {
  /** The documents of the rules that are tried, one rule each, checked. */
  readonly documents: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxEvents: number;
  readonly withHashes: boolean;
}

type LogClient = Pick<Client, 'readLog' | 'eventBatches' | 'watermarks' | 'vehicles'>;

/** How far it is. */
export interface BacktestProgress {
  /** From 0 to 1. */
  readonly share: number;
  readonly events: number;
}

/** What a backtest makes of one partition. */
export interface PartitionOutcome {
  /** For each rule that is tried. */
  readonly timelines: readonly BacktestTimelines[];
  readonly vehicles: number;
  readonly events: number;
  /** Of the first rule; undefined if it was not asked for. */
  readonly hash: string | undefined;
}

/** What came so long after the time that is asked for still says what was true in it. */
const LATE_MS = 3_600_000;
const PROGRESS_EVERY = 20_000;

/** Reads a part of the log of a partition again, and evaluates rules on it. It yields how far it is, and returns what they would have done. */
export async function* backtestPartition(
  client: LogClient,
  partition: number,
  request: BacktestRequest,
): AsyncGenerator<BacktestProgress, PartitionOutcome, undefined> {
  const { documents, fromMs, toMs, withHashes } = request;
  const [profiles, silences] = [await readProfiles(client), await readSilences(client)];
  const rules = documents.map(triedRule);
  const tried = rules.map(
    ({ document, rule }) =>
      new RuleBacktest({
        ...{ document, rule, fromMs, toMs, profiles, silencesAt: (atMs) => silencesAt(silences, atMs) },
      }),
  );
  const counted = { events: 0, vehicles: new Set<string>() };
  const ends = await client.watermarks({});
  const end = ends.find((each) => each.partition === partition)?.sequence ?? 0;
  const readFromMs = fromMs - Math.max(...rules.map(({ memoryMs }) => memoryMs));
  const start = await sequenceBefore(client, partition, readFromMs, end);
  for await (const share of replay(client, { partition, start, end }, { ...request, tried, counted }))
    yield { share, events: counted.events };
  return {
    timelines: tried.map((each) => each.result()),
    ...{ vehicles: counted.vehicles.size, events: counted.events },
    hash: withHashes ? tried[0]?.hash() : undefined,
  };
}

interface TriedRule {
  readonly document: string;
  readonly rule: Rule;
  /** How far back it looks, in milliseconds: so much is read before the time that is asked for. */
  readonly memoryMs: number;
}

function triedRule(document: string): TriedRule {
  const read = readRules(document);
  const [rule] = 'rules' in read ? read.rules : [];
  invariant(rule, 'the rules of a backtest have been checked');
  return { document, rule: compileRule(rule), memoryMs: memoryOf(rule) };
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
  client: LogClient,
  { partition, start, end }: Section,
  replaying: Replaying,
): AsyncGenerator<number, void, undefined> {
  if (start >= end) return;
  const { counted, maxEvents } = replaying;
  const ending = new AbortController();
  const { signal } = ending;
  const after = [{ partition, sequence: start }];
  let toldAt = counted.events;
  try {
    for await (const batch of client.eventBatches({ partitions: [partition], after, signal })) {
      const isOver = takeBatch(batch.events, { ...replaying, end });
      if (counted.events > maxEvents) throw tooManyEvents(maxEvents);
      if (isOver || batch.position.sequence >= end) return;
      if (counted.events - toldAt < PROGRESS_EVERY) continue;
      toldAt = counted.events;
      yield (batch.position.sequence - start) / (end - start);
    }
  } finally {
    ending.abort();
  }
}

/** Whether the events have come to the end of the section, or of the time. A batch may have more than the section. */
function takeBatch(
  events: readonly LogEvent[],
  { tried, counted, toMs, end }: Replaying & Pick<Section, 'end'>,
): boolean {
  for (const logged of events) {
    if (logged.position.sequence > end) return true;
    counted.events += 1;
    const event = decoded(logged);
    if (!event) continue;
    if (event.receivedAtMs >= toMs + LATE_MS) return true;
    if (event.type === 'TelemetryReported') counted.vehicles.add(event.subject);
    const at = { ...logged.position, index: logged.position.index ?? 0 };
    for (const each of tried) each.take(event, at);
  }
  return false;
}

export function tooManyEvents(maxEvents: number): Fault {
  const message = `the time has more than ${maxEvents} events: ask for a shorter one, or allow more events`;
  return new Fault('TOO_LARGE', message, { limit: `${maxEvents} events a backtest` });
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

async function readProfiles(client: LogClient): Promise<ReadonlyMap<string, Profile>> {
  const profiles = new Map<string, Profile>();
  for await (const { vehicleId, registration, isRetired } of client.vehicles({ includeRetired: true })) {
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

async function readSilences(client: LogClient): Promise<readonly SilenceDecision[]> {
  const decisions: SilenceDecision[] = [];
  const states = new Map<string, SilenceState>();
  const types = ['SilenceSet', 'SilenceEnded'];
  for await (const { event: wire } of client.readLog({ partitions: [DECISION_PARTITION], types })) {
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

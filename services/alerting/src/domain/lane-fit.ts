import type { Because } from '@odograph/kernel/alert-event';
import {
  compareSampleKeys,
  type RecordedSample,
  type SampleKey,
} from '@odograph/projections/recorded-sample';
import { type Episode, episodesAfter, isSame, type Names, unusedId } from './episodes.ts';
import { factOf, type LaneFact, type LaneState, type Snapshot } from './lane-state.ts';
import { advance, carriedOver, pendingChange } from './lifecycle.ts';
import { plainCopy } from './plain-copy.ts';
import type { LatePolicy, Rule } from './rule.ts';
import { isStateless, nothingKnown, orNull, type Track, type TrackOrNull, underNames } from './track.ts';

type LaneRule = Pick<Rule, 'id' | 'fingerprint' | 'lifecycle' | 'signals'>;

/** What there is of a vehicle beside a lane. */
export interface Others {
  /** The lanes that the vehicle had: a rule may come from one of them. */
  readonly lanes: readonly LaneState[];
  /** The rules that go on, be it in another lane. */
  readonly remaining: ReadonlySet<string>;
}

const NO_OTHERS: Others = { lanes: [], remaining: new Set() };

/** What the state of a lane has of one rule. */
interface History {
  readonly now: TrackOrNull;
  /** As the snapshots have it. */
  readonly snapshots: readonly { readonly to: SampleKey; readonly track: TrackOrNull }[];
  readonly late: TrackOrNull;
}

/** What a rule makes of the samples that are kept. */
interface Seen extends History {
  readonly now: Track;
  readonly snapshots: readonly { readonly to: SampleKey; readonly track: Track }[];
}

/**
 * Makes the state of a lane one of other rules, in place. What it has of a rule that stays the same goes on. A new rule, or a
 * revised one, sees the samples that are kept first, so that it does not begin from nothing.
 */
export function refit(
  state: LaneState,
  rules: readonly LaneRule[],
  { lanes, remaining }: Others = NO_OTHERS,
): readonly LaneFact[] {
  const facts: LaneFact[] = [];
  const histories = rules.map((rule): History => {
    const own = state.rules.find(({ id }) => id === rule.id);
    const former = historyOf(state, rule.id) ?? lanes.map((lane) => historyOf(lane, rule.id)).find(Boolean);
    if (former === undefined) return newHistory(state, rule, facts);
    return own?.fingerprint === rule.fingerprint ? former : revised(state, rule, former, facts);
  });
  for (const { id } of state.rules) {
    const isOver = !rules.some((rule) => rule.id === id) && !remaining.has(id);
    if (isOver) end(state, id, { because: 'removed', of: (historyOf(state, id) as History).now }, facts);
  }
  put(state, rules, histories);
  return facts;
}

/** The lanes as they are now, whatever becomes of their rules. */
export function asTheyAre(lanes: readonly LaneState[]): readonly LaneState[] {
  return lanes.map(({ evaluated, past, late, ...rest }) => ({
    ...rest,
    evaluated: { ...evaluated },
    past: { ...past, snapshots: past.snapshots.map((snapshot) => ({ ...snapshot })) },
    late: late && { ...late },
  }));
}

/** What a new lane of these rules knows from another one of the vehicle. One that corrects nothing keeps no samples. */
export function copyFor(rules: readonly LaneRule[], late: LatePolicy, state: LaneState): LaneState {
  const copy = plainCopy(state);
  const isOwn = (_: unknown, at: number) => rules.some(({ id }) => id === state.rules[at]?.id);
  copy.rules = copy.rules.filter(isOwn);
  const { evaluated, evaluatedTo: to } = copy;
  if (late !== 'correct' || copy.past.samples.length === 0)
    copy.past = { samples: [], snapshots: [{ ...plainCopy(evaluated), to, count: 0 }] };
  for (const each of [evaluated, ...copy.past.snapshots, ...(copy.late ? [copy.late] : [])])
    each.tracks = each.tracks.filter(isOwn);
  return copy;
}

function historyOf({ rules, evaluated, past, late }: LaneState, rule: string): History | undefined {
  const at = rules.findIndex(({ id }) => id === rule);
  if (at < 0) return undefined;
  return {
    now: evaluated.tracks[at] ?? null,
    snapshots: past.snapshots.map(({ to, tracks }) => ({ to, track: tracks[at] ?? null })),
    late: late?.tracks[at] ?? null,
  };
}

/** What a rule knows once it has seen the samples that are kept, from what it knew before them. */
function seeing({ past, evaluated, evaluatedTo }: LaneState, rule: LaneRule, from: Track): Seen {
  const { lifecycle } = rule;
  const now = plainCopy(from);
  const latest = { ...past.snapshots[0]?.latest };
  const snapshots: { to: SampleKey; track: Track }[] = [];
  const see = (atMs: number, came: RecordedSample['signals']) => {
    Object.assign(latest, came);
    const facts = advance(lifecycle, now.alert, { atMs, latest, came, silentMs: 0 });
    now.episodes = episodesAfter(now.episodes, facts);
  };
  let seen = 0;
  for (const { count, to } of past.snapshots) {
    for (const sample of past.samples.slice(seen, count)) see(sample.observedAtMs, sample.signals);
    if (count === 0 && to.observedAtMs >= 0) see(to.observedAtMs, {});
    seen = count;
    snapshots.push({ to, track: plainCopy(now) });
  }
  for (const sample of past.samples.slice(seen)) see(sample.observedAtMs, sample.signals);
  // Where no samples are kept, the newest values say whether it holds.
  Object.assign(latest, evaluated.latest);
  if (past.samples.length === 0 && evaluatedTo.observedAtMs >= 0) see(evaluatedTo.observedAtMs, {});
  return { now, snapshots, late: null };
}

/** A rule that is new for the vehicle: what holds now is an alert now. */
function newHistory(state: LaneState, rule: LaneRule, facts: LaneFact[]): History {
  const nothing = nothingKnown(rule);
  const history = underKnownNames(seeing(state, rule, nothing), nothing);
  tellBeginning(state, rule, { before: nothing, after: history.now }, facts);
  return settled(history, rule, state);
}

/** An alert that both revisions have is one. What only the one before has ends. */
function revised(state: LaneState, rule: LaneRule, former: History, facts: LaneFact[]): History {
  const before = former.now ?? nothingKnown(rule);
  const { alert, episodes } = knownAt(state, former) ?? nothingKnown(rule);
  const from = { alert: carriedOver(rule.lifecycle, alert), episodes };
  const history = underKnownNames(seeing(state, rule, from), before);
  const after = history.now;
  const [was, is] = [openIn(before), openIn(after)];
  if (was && !is) end(state, rule.id, { because: 'revised', of: before }, facts);
  if (was && is) {
    const { id, severity } = is;
    const atMs = state.evaluatedTo.observedAtMs;
    if (severity !== was.severity)
      facts.push({ rule: rule.id, fact: { kind: 'severity changed', atMs, id, severity } });
  } else tellBeginning(state, rule, { before, after }, facts);
  return settled(history, rule, state);
}

/** As the rule itself would leave it. */
function settled({ now, snapshots, late }: Seen, rule: LaneRule, { evaluatedTo }: LaneState): History {
  if (!isStateless(rule.lifecycle)) return { now, snapshots, late };
  return {
    now: orNull(rule, now, evaluatedTo.observedAtMs),
    snapshots: snapshots.map(({ to, track }) => ({ to, track: orNull(rule, track, to.observedAtMs) })),
    late,
  };
}

/** What the former revision knew before the samples that are kept; undefined if its lane did not go back so far. */
function knownAt({ past }: LaneState, { now, snapshots }: History): TrackOrNull | undefined {
  if (past.samples.length === 0) return now;
  const { to: oldest } = past.snapshots[0] as Snapshot;
  return snapshots.findLast(({ to }) => compareSampleKeys(to, oldest) <= 0)?.track;
}

const openIn = ({ episodes }: Track): Episode | undefined =>
  episodes.findLast(({ resolvedAtMs }) => resolvedAtMs === null);

/** The alerts under the names that events have for them. Of the others, an event says only the one that has not ended. */
function underKnownNames(history: Seen, before: Track): Seen {
  const left = [...before.episodes];
  const used = new Set(left.map(({ id }) => id));
  const names = new Map<number, { id: number; isTold: boolean }>();
  const take = (is: (other: Episode) => boolean): Episode | undefined => {
    const at = left.findIndex(is);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  // The one that goes on first.
  for (const episode of history.now.episodes.toReversed()) {
    const isOpen = episode.resolvedAtMs === null;
    const same =
      (isOpen ? take(({ resolvedAtMs }) => resolvedAtMs === null) : undefined) ??
      take((other) => isSame(other, episode));
    const id = same?.id ?? unusedId(used, episode.startedAtMs);
    used.add(id);
    names.set(episode.id, { id, isTold: isOpen || same?.isTold === true });
  }
  return renamed(history, names);
}

function renamed({ now, snapshots, late }: Seen, names: Names): Seen {
  return {
    now: underNames(now, names),
    snapshots: snapshots.map(({ to, track }) => ({ to, track: underNames(track, names) })),
    late,
  };
}

interface Change {
  readonly before: Track;
  readonly after: Track;
}

/** Says what is firing or pending now and was not before. */
function tellBeginning(state: LaneState, rule: LaneRule, { before, after }: Change, facts: LaneFact[]): void {
  const open = openIn(after);
  if (open) {
    const { id, startedAtMs, firedAtMs: atMs, severity } = open;
    const fact = {
      kind: 'fired',
      atMs,
      id,
      startedAtMs,
      severity,
      because: 'condition',
      flapping: 'no',
    } as const;
    facts.push(factOf(rule, fact, state.evaluated.latest));
  }
  for (const fact of pendingChange(before.alert, after.alert, state.evaluatedTo.observedAtMs))
    facts.push({ rule: rule.id, fact });
}

interface Ending {
  readonly because: Because;
  readonly of: TrackOrNull;
}

function end(state: LaneState, rule: string, { because, of }: Ending, facts: LaneFact[]): void {
  if (of === null) return;
  const { isPendingTold, sinceMs } = of.alert;
  const atMs = state.evaluatedTo.observedAtMs;
  if (isPendingTold) facts.push({ rule, fact: { kind: 'subsided', atMs, id: sinceMs } });
  const open = openIn(of);
  if (open) facts.push({ rule, fact: { kind: 'resolved', atMs, id: open.id, because } });
}

function put(state: LaneState, rules: readonly LaneRule[], histories: readonly History[]): void {
  const { evaluated, past, late } = state;
  state.rules = rules.map(({ id, fingerprint }) => ({ id, fingerprint }));
  evaluated.tracks = histories.map(({ now }) => now);
  for (const [at, snapshot] of past.snapshots.entries())
    snapshot.tracks = histories.map(({ snapshots }) => snapshots[at]?.track ?? null);
  if (late) late.tracks = histories.map((history) => history.late);
}

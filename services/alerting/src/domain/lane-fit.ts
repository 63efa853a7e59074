import type { Because } from '@odograph/kernel/alert-event';
import type { RecordedSample } from '@odograph/projections/recorded-sample';
import { type Episode, episodesAfter } from './episodes.ts';
import { factOf, type LaneFact, type LaneState } from './lane-state.ts';
import { type AlertState, advance, initialState, pendingChange } from './lifecycle.ts';
import { plainCopy } from './plain-copy.ts';
import type { Rule } from './rule.ts';

type LaneRule = Pick<Rule, 'id' | 'fingerprint' | 'lifecycle' | 'signals'>;

/** What the state of a lane has of one rule. */
interface Track {
  readonly alert: AlertState;
  /** As the snapshots have it. */
  readonly snapshots: readonly AlertState[];
  readonly episodes: Episode[];
  readonly late: { readonly alert: AlertState; readonly open: Episode[] } | undefined;
}

/**
 * Makes the state of a lane one of other rules, in place. What it has of a rule that stays the same goes on. A new rule, or a
 * revised one, sees the samples that are kept first, so that it does not begin from nothing.
 */
export function refit(state: LaneState, rules: readonly LaneRule[]): readonly LaneFact[] {
  const facts: LaneFact[] = [];
  const tracks = rules.map((rule): Track => {
    const at = state.rules.findIndex(({ id }) => id === rule.id);
    if (at < 0) return newTrack(state, rule, facts);
    const before = trackOf(state, at);
    if (state.rules[at]?.fingerprint === rule.fingerprint) return before;
    return revisedTrack(state, rule, before, facts);
  });
  for (const [at, { id }] of state.rules.entries())
    if (!rules.some((rule) => rule.id === id))
      end(trackOf(state, at), { id, state, because: 'removed' }, facts);
  put(state, rules, tracks);
  return facts;
}

function trackOf({ evaluated, past, late }: LaneState, at: number): Track {
  return {
    alert: evaluated.alerts[at] as AlertState,
    snapshots: past.snapshots.map(({ alerts }) => alerts[at] as AlertState),
    episodes: past.episodes[at] ?? [],
    late: late ? { alert: late.alerts[at] as AlertState, open: late.open[at] ?? [] } : undefined,
  };
}

/** What a rule would know if it had been there for the samples that are kept. Its alerts of then are not told any more. */
function warmTrack({ past, evaluated, late, evaluatedTo }: LaneState, { lifecycle }: LaneRule): Track {
  const alert = initialState(lifecycle);
  const latest = { ...past.snapshots[0]?.latest };
  const snapshots: AlertState[] = [];
  let episodes: Episode[] = [];
  const see = (atMs: number, came: RecordedSample['signals']) => {
    Object.assign(latest, came);
    episodes = episodesAfter(episodes, advance(lifecycle, alert, { atMs, latest, came, silentMs: 0 }));
  };
  for (const { count, to } of past.snapshots) {
    for (const sample of past.samples.slice(past.snapshots[snapshots.length - 1]?.count ?? 0, count))
      see(sample.observedAtMs, sample.signals);
    if (count === 0 && to.observedAtMs >= 0) see(to.observedAtMs, {});
    snapshots.push(plainCopy(alert));
  }
  for (const sample of past.samples.slice(past.snapshots.at(-1)?.count ?? 0))
    see(sample.observedAtMs, sample.signals);
  // Where no samples are kept, the newest values say whether it holds.
  Object.assign(latest, evaluated.latest);
  if (past.samples.length === 0 && evaluatedTo.observedAtMs >= 0) see(evaluatedTo.observedAtMs, {});
  return {
    ...{ alert, snapshots, episodes: episodes.filter(({ resolvedAtMs }) => resolvedAtMs === null) },
    late: late ? { alert: initialState(lifecycle), open: [] } : undefined,
  };
}

/** A rule that is new for the vehicle: what holds now is an alert now. */
function newTrack(state: LaneState, rule: LaneRule, facts: LaneFact[]): Track {
  const track = warmTrack(state, rule);
  tellBeginning(track, { rule, state, before: initialState(rule.lifecycle) }, facts);
  return track;
}

/** An alert that both revisions have is one. What only the one before has ends. */
function revisedTrack(state: LaneState, rule: LaneRule, before: Track, facts: LaneFact[]): Track {
  const track = warmTrack(state, rule);
  const known = before.episodes.at(-1);
  if (before.alert.alert === null || known === undefined) {
    goOnWaiting(before.alert, track.alert);
    tellBeginning(track, { rule, state, before: before.alert }, facts);
    return track;
  }
  const open = track.episodes.at(-1);
  if (!track.alert.alert || !open) {
    end(before, { id: rule.id, state, because: 'revised' }, facts);
    tellBeginning(track, { rule, state, before: before.alert }, facts);
    return track;
  }
  const { severity } = track.alert.alert;
  if (severity !== known.severity)
    facts.push({
      rule: rule.id,
      fact: { kind: 'severity changed', atMs: state.evaluatedTo.observedAtMs, id: known.id, severity },
    });
  return { ...track, episodes: [{ ...open, id: known.id }] };
}

interface Beginning {
  readonly rule: LaneRule;
  readonly state: LaneState;
  readonly before: AlertState;
}

/** Says what is firing or pending now and was not before. */
function tellBeginning(track: Track, { rule, state, before }: Beginning, facts: LaneFact[]): void {
  const { alert } = track.alert;
  if (alert) {
    const { id, firedAtMs: atMs, severity } = alert;
    const fact = { kind: 'fired', atMs, id, startedAtMs: id, severity } as const;
    facts.push(factOf(rule, { ...fact, because: 'condition', flapping: 'no' }, state.evaluated.latest));
  }
  for (const fact of pendingChange(before, track.alert, state.evaluatedTo.observedAtMs))
    facts.push({ rule: rule.id, fact });
}

/** A condition that held before, and does now, has held since then: what was pending does not begin again. */
function goOnWaiting(before: AlertState, alert: AlertState): void {
  if (before.phase === 'pending' && alert.phase === 'pending') {
    alert.sinceMs = Math.min(before.sinceMs, alert.sinceMs);
    alert.isPendingTold = before.isPendingTold;
  }
  for (const [at, sinceMs] of before.heldSinceMs.entries()) {
    const own = alert.heldSinceMs[at];
    if (sinceMs !== null && typeof own === 'number') alert.heldSinceMs[at] = Math.min(own, sinceMs);
  }
}

interface Ending {
  readonly id: string;
  readonly state: LaneState;
  readonly because: Because;
}

function end({ alert, episodes }: Track, { id: rule, state, because }: Ending, facts: LaneFact[]): void {
  const open = episodes.at(-1);
  const atMs = state.evaluatedTo.observedAtMs;
  if (alert.isPendingTold) facts.push({ rule, fact: { kind: 'subsided', atMs, id: alert.sinceMs } });
  if (!alert.alert || !open) return;
  facts.push({ rule, fact: { kind: 'resolved', atMs, id: open.id, because } });
}

function put(state: LaneState, rules: readonly LaneRule[], tracks: readonly Track[]): void {
  const { evaluated, past, late } = state;
  state.rules = rules.map(({ id, fingerprint }) => ({ id, fingerprint }));
  evaluated.alerts = tracks.map(({ alert }) => alert);
  for (const [at, snapshot] of past.snapshots.entries())
    snapshot.alerts = tracks.map(({ snapshots }) => snapshots[at] as AlertState);
  past.episodes = tracks.map(({ episodes }) => episodes);
  if (!late) return;
  late.alerts = tracks.map((track) => (track.late as NonNullable<Track['late']>).alert);
  late.open = tracks.map((track) => (track.late as NonNullable<Track['late']>).open);
}

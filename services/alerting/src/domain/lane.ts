import type { SignalValue } from '@odograph/kernel/signal';
import {
  compareSampleKeys,
  type RecordedSample,
  type SampleKey,
} from '@odograph/projections/recorded-sample';
import { mergeSignals } from '@odograph/projections/signal-merge';
import type { Moment } from './condition.ts';
import { type Episode, episodesAfter, episodesSince, isSame, revisionsOf, toldOf } from './episodes.ts';
import { copyFor, type Others, refit } from './lane-fit.ts';
import {
  type Evaluated,
  FROM_THE_START,
  factOf,
  type LaneFact,
  type LaneState,
  type Snapshot,
} from './lane-state.ts';
import { type AlertFact, advance, pendingChange, staysAtRest } from './lifecycle.ts';
import { plainCopy } from './plain-copy.ts';
import type { Rule } from './rule.ts';
import { isStateless, nothingKnown, orNull, type Track, underNames } from './track.ts';

/** Samples between two snapshots. A sample can be evaluated in its place if it is not behind the older one of two. */
const SAMPLES_A_SNAPSHOT = 60;
/** Samples far behind that are farther from each other are not of one stretch. */
const LONGEST_LATE_GAP_MS = 600_000;
/** When the vehicle has gone on for so long without another sample far behind, the stretch is over. */
const LATE_RUN_OVER_MS = 60_000;

/** How the samples of a vehicle reach the rules of a lane. */
export interface LaneOptions extends Pick<Rule, 'latenessMs' | 'late'> {
  readonly rules: readonly LaneRule[];
}

export type LaneRule = Pick<Rule, 'id' | 'fingerprint' | 'lifecycle' | 'signals'>;

/** The rules of a vehicle that share how long they wait for samples that come late. */
export class Lane {
  readonly #options: LaneOptions;
  /** Of each rule, whether it needs no track while it is at rest. */
  readonly #isStateless: readonly boolean[];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#isStateless = options.rules.map(({ lifecycle }) => isStateless(lifecycle));
  }

  initial(): LaneState {
    const evaluated = this.#nothingEvaluated();
    return {
      rules: this.#options.rules.map(({ id, fingerprint }) => ({ id, fingerprint })),
      ...{ newestMs: null, evaluatedTo: FROM_THE_START, waiting: [], evaluated, late: null },
      past: { samples: [], snapshots: [{ ...plainCopy(evaluated), to: FROM_THE_START, count: 0 }] },
    };
  }

  /** Where the lane is new for a vehicle: with what another lane of it knows. */
  begin([other]: readonly LaneState[]): LaneState {
    const { rules, late } = this.#options;
    return other ? copyFor(rules, late, other) : this.initial();
  }

  /**
   * Continues with what other rules, or other revisions of these, know of a vehicle. A rule that stays the same is not touched.
   * Returns what that means for the alerts.
   */
  continue(state: LaneState, others?: Others): readonly LaneFact[] {
    return refit(state, this.#options.rules, others);
  }

  /** Takes the samples of a report, in any order. Changes the state, and returns what happened, in order. */
  take(state: LaneState, samples: readonly RecordedSample[]): readonly LaneFact[] {
    const facts: LaneFact[] = [];
    const late: RecordedSample[] = [];
    for (const sample of samples) {
      // One with the key of the last one is the same sample with more in it.
      if (!isBefore(state.evaluatedTo, sample)) late.push(sample);
      else insert(state.waiting, sample);
      state.newestMs = Math.max(state.newestMs ?? 0, sample.observedAtMs);
    }
    if (late.length > 0) this.#takeLate(state, late.sort(compareSampleKeys), facts);
    if (state.late && (state.newestMs ?? 0) > state.late.cameMs + LATE_RUN_OVER_MS)
      this.#endLateRun(state, facts);
    this.#evaluateBefore(state, (state.newestMs ?? 0) - this.#options.latenessMs, facts);
    forget(state);
    return facts;
  }

  /** Evaluates all that waits: nothing has come of the vehicle for so long that nothing will come before it. */
  settle(state: LaneState): readonly LaneFact[] {
    const facts: LaneFact[] = [];
    this.#evaluateBefore(state, Number.POSITIVE_INFINITY, facts);
    this.#endLateRun(state, facts);
    forget(state);
    return facts;
  }

  /** Without lateness, a sample is evaluated when it comes; else once it is certain which ones come before it. */
  #evaluateBefore(state: LaneState, beforeMs: number, facts: LaneFact[]): void {
    const { latenessMs } = this.#options;
    let count = 0;
    for (const sample of state.waiting) {
      if (latenessMs > 0 && sample.observedAtMs >= beforeMs) break;
      this.#evaluate(state, sample, facts);
      state.evaluatedTo = keyOf(sample);
      count += 1;
    }
    if (count > 0) state.waiting = state.waiting.slice(count);
    if (latenessMs === 0 || !Number.isFinite(beforeMs)) return;
    const before = { observedAtMs: Math.max(beforeMs, 0), reportId: '' };
    if (isBefore(state.evaluatedTo, before)) state.evaluatedTo = before;
  }

  #evaluate(state: LaneState, sample: RecordedSample, facts: LaneFact[]): void {
    const mayCorrect = this.#options.late === 'correct';
    this.#advance(state.evaluated, sample, (index, track, happened) => {
      const episodes = episodesAfter(track.episodes, happened);
      track.episodes = mayCorrect ? episodes : episodesSince(episodes, sample.observedAtMs);
      const rule = this.#ruleAt(index);
      for (const fact of happened)
        facts.push(factOf(rule, withKnownId(fact, episodes), state.evaluated.latest));
    });
    if (mayCorrect) remember(state, sample);
  }

  /** Evaluates the rules at a sample. Calls back for each rule whose alerts have changed. */
  #advance(
    evaluated: Evaluated,
    { observedAtMs: atMs, signals: came }: RecordedSample,
    onFacts: (rule: number, track: Track, facts: readonly AlertFact[]) => void,
  ): void {
    const { latest, tracks } = evaluated;
    for (const name in came) latest[name] = came[name] as SignalValue;
    const moment: Moment = { atMs, latest, came, silentMs: 0 };
    for (let index = 0; index < tracks.length; index += 1) {
      const rule = this.#ruleAt(index);
      const isStateless = this.#isStateless[index] as boolean;
      const known = tracks[index] ?? null;
      if (known === null && isStateless && staysAtRest(rule.lifecycle, moment)) continue;
      const track = known ?? nothingKnown(rule);
      const facts = advance(rule.lifecycle, track.alert, moment);
      if (facts.length > 0) onFacts(index, track, facts);
      tracks[index] = isStateless ? orNull(rule, track, atMs) : track;
    }
  }

  #takeLate(state: LaneState, late: readonly RecordedSample[], facts: LaneFact[]): void {
    const { rules, late: policy } = this.#options;
    const [first] = late as [RecordedSample];
    if (policy === 'ignore') return;
    if (policy === 'reject') {
      for (const { id: rule } of rules) facts.push({ rule, rejected: { observedAtMs: first.observedAtMs } });
      return;
    }
    const oldest = state.past.snapshots[0]?.to ?? FROM_THE_START;
    const inPlace = late.filter((sample) => isBefore(oldest, sample));
    for (const sample of late) if (!isBefore(oldest, sample)) this.#takeFarBehind(state, sample, facts);
    if (inPlace.length > 0) this.#evaluateAgain(state, inPlace, facts);
  }

  /** From the last snapshot before the samples that came late. */
  #evaluateAgain(state: LaneState, came: readonly RecordedSample[], facts: LaneFact[]): void {
    const { past } = state;
    const [first] = came as [RecordedSample];
    past.snapshots.splice(past.snapshots.findLastIndex(({ to }) => isBefore(to, first)) + 1);
    const kept = past.snapshots.length;
    const { to: _, count, ...snapshot } = past.snapshots.at(-1) as Snapshot;
    const again = past.samples.splice(count);
    for (const sample of came) insert(again, sample);
    const known = state.evaluated.tracks;
    state.evaluated = plainCopy(snapshot);
    for (const sample of again) this.#evaluate(state, sample, []);
    for (const [index, { id: rule }] of this.#options.rules.entries()) {
      const [before, after] = [known[index], state.evaluated.tracks[index]];
      for (const fact of pendingChange(before?.alert, after?.alert, state.evaluatedTo.observedAtMs))
        facts.push({ rule, fact });
      const { revisions, names } = revisionsOf(before?.episodes ?? [], after?.episodes ?? []);
      for (const revision of revisions) facts.push({ rule, revision });
      for (const { tracks } of [...past.snapshots.slice(kept), state.evaluated]) {
        const track = tracks[index];
        if (track) tracks[index] = underNames(track, names);
      }
    }
  }

  /** By themselves: what was known before and after them is not any more. */
  #takeFarBehind(state: LaneState, sample: RecordedSample, facts: LaneFact[]): void {
    const { observedAtMs } = sample;
    const last = state.late?.evaluatedMs ?? observedAtMs;
    if (observedAtMs < last || observedAtMs > last + LONGEST_LATE_GAP_MS) this.#endLateRun(state, facts);
    state.late ??= { ...this.#nothingEvaluated(), evaluatedMs: 0, cameMs: 0 };
    const run = state.late;
    run.evaluatedMs = observedAtMs;
    run.cameMs = state.newestMs ?? 0;
    this.#advance(run, sample, (index, track, happened) => {
      const episodes = episodesAfter(track.episodes, happened);
      track.episodes = episodes.filter(({ resolvedAtMs }) => resolvedAtMs === null);
      for (const episode of episodes)
        if (episode.resolvedAtMs !== null) this.#raiseLate(state, index, episode, facts);
    });
  }

  /** What goes on at the end of such a stretch has lasted at least until then. */
  #endLateRun(state: LaneState, facts: LaneFact[]): void {
    if (state.late === null) return;
    const { tracks, evaluatedMs: resolvedAtMs } = state.late;
    for (const [index, track] of tracks.entries())
      for (const episode of track?.episodes ?? [])
        this.#raiseLate(state, index, { ...episode, resolvedAtMs }, facts);
    state.late = null;
  }

  /** Unless there is an alert at the time already. */
  #raiseLate({ evaluated }: LaneState, index: number, episode: Episode, facts: LaneFact[]): void {
    const episodes = evaluated.tracks[index]?.episodes ?? [];
    if (episodes.some((known) => isSame(known, episode))) return;
    facts.push({ rule: this.#ruleAt(index).id, revision: { kind: 'raised late', ...toldOf(episode) } });
  }

  #nothingEvaluated(): Evaluated {
    return { latest: {}, tracks: this.#options.rules.map(() => null) };
  }

  #ruleAt(index: number): LaneRule {
    return this.#options.rules[index] as LaneRule;
  }
}

const isBefore = (a: SampleKey, b: SampleKey): boolean => compareSampleKeys(a, b) < 0;
const keyOf = ({ observedAtMs, reportId }: RecordedSample): SampleKey => ({ observedAtMs, reportId });

/** Into samples that are in order. Those with one key are one sample. */
function insert(samples: RecordedSample[], sample: RecordedSample): void {
  const last = samples.at(-1);
  if (last === undefined || compareSampleKeys(last, sample) < 0) {
    samples.push(sample);
    return;
  }
  let at = samples.length;
  while (at > 0 && compareSampleKeys(samples[at - 1] as RecordedSample, sample) > 0) at -= 1;
  const before = samples[at - 1];
  if (before && compareSampleKeys(before, sample) === 0)
    samples[at - 1] = { ...before, signals: mergeSignals(before.signals, sample.signals) };
  else samples.splice(at, 0, sample);
}

/** The fact of an alert under the id by which it is known. */
function withKnownId(fact: AlertFact, episodes: readonly Episode[]): AlertFact {
  if (!('id' in fact)) return fact;
  const known = episodes.findLast(({ startedAtMs }) => startedAtMs === fact.id);
  return known ? { ...fact, id: known.id } : fact;
}

/** Keeps what was evaluated last. */
function remember({ past, evaluated }: LaneState, sample: RecordedSample): void {
  past.samples.push(sample);
  const newest = past.snapshots.at(-1) as Snapshot;
  if (past.samples.length < newest.count + SAMPLES_A_SNAPSHOT) return;
  past.snapshots.push({ ...plainCopy(evaluated), to: keyOf(sample), count: past.samples.length });
}

/** Forgets what is before the older of the last two snapshots. */
function forget({ past, evaluated }: LaneState): void {
  if (past.snapshots.length <= 2) return;
  past.snapshots = past.snapshots.slice(-2);
  const [{ count, to }] = past.snapshots as [Snapshot];
  past.samples.splice(0, count);
  for (const snapshot of past.snapshots) snapshot.count -= count;
  for (const { tracks } of [...past.snapshots, evaluated])
    for (const track of tracks) if (track) track.episodes = episodesSince(track.episodes, to.observedAtMs);
}

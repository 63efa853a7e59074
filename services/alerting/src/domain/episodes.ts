import type { Severity } from '@odograph/kernel/alert-event';
import type { AlertFact } from './lifecycle.ts';

/** An alert of a rule from its beginning to its end, as far as both are known. Times are event times. */
export interface Episode {
  /** By which the alert is known. It stays, though a correction changes when the alert began. */
  readonly id: number;
  readonly startedAtMs: number;
  readonly firedAtMs: number;
  readonly severity: Severity;
  /** Null if it has not ended. */
  readonly resolvedAtMs: number | null;
  /** Whether an event says it. What a rule would have found before it was there is known, but not told. */
  readonly isTold: boolean;
}

/** An episode as an event says it. */
export type ToldEpisode = Omit<Episode, 'isTold'>;

/** What samples that came late change of the alerts that are known. */
export type Revision =
  | ({ readonly kind: 'raised late' | 'corrected' } & ToldEpisode)
  | { readonly kind: 'retracted'; readonly id: number };

/** The episodes after what has happened. */
export function episodesAfter(before: readonly Episode[], facts: readonly AlertFact[]): Episode[] {
  const episodes = [...before];
  for (const fact of facts) {
    const last = episodes.at(-1);
    if (fact.kind === 'fired') {
      const { startedAtMs, atMs: firedAtMs, severity } = fact;
      episodes.push({
        id: unusedId(new Set(episodes.map((episode) => episode.id)), startedAtMs),
        startedAtMs,
        firedAtMs,
        severity,
        resolvedAtMs: null,
        isTold: true,
      });
    } else if (last && fact.kind === 'severity changed')
      episodes[episodes.length - 1] = { ...last, severity: fact.severity };
    else if (last && fact.kind === 'resolved')
      episodes[episodes.length - 1] = { ...last, resolvedAtMs: fact.atMs };
  }
  return episodes;
}

/** Those that a later change may still concern. */
export function episodesSince(episodes: readonly Episode[], sinceMs: number): Episode[] {
  return episodes.filter(({ resolvedAtMs }) => resolvedAtMs === null || resolvedAtMs >= sinceMs);
}

/** By which name an episode is known from now on, whose own one it had when it was evaluated. */
export type Names = ReadonlyMap<number, Pick<Episode, 'id' | 'isTold'>>;

/** The episodes under the names by which they are known. */
export function named(episodes: readonly Episode[], names: Names): Episode[] {
  return episodes.map((episode) => ({ ...episode, ...names.get(episode.id) }));
}

/** What has changed from the episodes that were known to those that are true. Two that overlap in time are the same one. */
export function revisionsOf(
  known: readonly Episode[],
  evaluated: readonly Episode[],
): { readonly revisions: readonly Revision[]; readonly names: Names } {
  const left = [...known];
  const revisions: Revision[] = [];
  const names = new Map<number, Pick<Episode, 'id' | 'isTold'>>();
  const used = new Set(known.map(({ id }) => id));
  for (const episode of evaluated) {
    const at = left.findIndex((other) => isSame(other, episode));
    const [same] = at < 0 ? [] : left.splice(at, 1);
    const id = same?.id ?? unusedId(used, episode.startedAtMs);
    used.add(id);
    const isTold = same?.isTold !== false || episode.resolvedAtMs === null;
    names.set(episode.id, { id, isTold });
    if (!isTold) continue;
    const told = { ...toldOf(episode), id };
    if (!same?.isTold) revisions.push({ kind: 'raised late', ...told });
    else if (!isEqual(same, told)) revisions.push({ kind: 'corrected', ...told });
  }
  for (const { id, isTold } of left) if (isTold) revisions.push({ kind: 'retracted', id });
  return { revisions, names };
}

export function toldOf({ isTold: _, ...told }: Episode): ToldEpisode {
  return told;
}

export function isSame(a: Episode, b: Episode): boolean {
  return (
    a.startedAtMs <= (b.resolvedAtMs ?? Number.POSITIVE_INFINITY) &&
    b.startedAtMs <= (a.resolvedAtMs ?? Number.POSITIVE_INFINITY)
  );
}

function isEqual(a: ToldEpisode, b: ToldEpisode): boolean {
  return (
    a.startedAtMs === b.startedAtMs &&
    a.firedAtMs === b.firedAtMs &&
    a.severity === b.severity &&
    a.resolvedAtMs === b.resolvedAtMs
  );
}

/** An alert that was corrected to begin earlier or later may have left its id behind. */
export function unusedId(used: ReadonlySet<number>, startedAtMs: number): number {
  let id = startedAtMs;
  while (used.has(id)) id += 1;
  return id;
}

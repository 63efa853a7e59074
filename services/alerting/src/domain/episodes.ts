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
}

/** What samples that came late change of the alerts that are known. */
export type Revision =
  | ({ readonly kind: 'raised late' | 'corrected' } & Episode)
  | { readonly kind: 'retracted'; readonly id: number };

/** The episodes after what has happened. */
export function episodesAfter(before: readonly Episode[], facts: readonly AlertFact[]): Episode[] {
  const episodes = [...before];
  for (const fact of facts) {
    const last = episodes.at(-1);
    if (fact.kind === 'fired') {
      const { startedAtMs, atMs: firedAtMs, severity } = fact;
      episodes.push({
        id: unusedId(episodes, startedAtMs),
        startedAtMs,
        firedAtMs,
        severity,
        resolvedAtMs: null,
      });
    } else if (last && fact.kind === 'severity changed')
      episodes[episodes.length - 1] = { ...last, severity: fact.severity };
    else if (last && fact.kind === 'resolved')
      episodes[episodes.length - 1] = { ...last, resolvedAtMs: fact.atMs };
  }
  return episodes;
}

/** The episodes as they were at an earlier time. */
export function episodesAt(
  episodes: readonly Episode[],
  atMs: number,
  openSeverity: Severity | undefined,
): Episode[] {
  return episodes
    .filter(({ firedAtMs }) => firedAtMs <= atMs)
    .map((episode) => {
      if (episode.resolvedAtMs !== null && episode.resolvedAtMs <= atMs) return episode;
      return { ...episode, resolvedAtMs: null, severity: openSeverity ?? episode.severity };
    });
}

/** Those that a later change may still concern. */
export function episodesSince(episodes: readonly Episode[], sinceMs: number): Episode[] {
  return episodes.filter(({ resolvedAtMs }) => resolvedAtMs === null || resolvedAtMs >= sinceMs);
}

/**
 * What has changed from the episodes that were known to those that are true, and the latter with the ids by which they are
 * known. Two that overlap in time are the same one.
 */
export function revisionsOf(
  known: readonly Episode[],
  evaluated: readonly Episode[],
): { readonly revisions: readonly Revision[]; readonly episodes: Episode[] } {
  const left = [...known];
  const revisions: Revision[] = [];
  const episodes = evaluated.map((episode) => {
    const at = left.findIndex((other) => overlap(other, episode));
    const [same] = at < 0 ? [] : left.splice(at, 1);
    const named = { ...episode, id: same?.id ?? unusedId(known, episode.startedAtMs) };
    if (!same) revisions.push({ kind: 'raised late', ...named });
    else if (!isEqual(same, named)) revisions.push({ kind: 'corrected', ...named });
    return named;
  });
  for (const { id } of left) revisions.push({ kind: 'retracted', id });
  return { revisions, episodes };
}

function overlap(a: Episode, b: Episode): boolean {
  return (
    a.startedAtMs <= (b.resolvedAtMs ?? Number.POSITIVE_INFINITY) &&
    b.startedAtMs <= (a.resolvedAtMs ?? Number.POSITIVE_INFINITY)
  );
}

function isEqual(a: Episode, b: Episode): boolean {
  return (
    a.startedAtMs === b.startedAtMs &&
    a.firedAtMs === b.firedAtMs &&
    a.severity === b.severity &&
    a.resolvedAtMs === b.resolvedAtMs
  );
}

/** An alert that was corrected to begin earlier or later may have left its id behind. */
function unusedId(episodes: readonly Episode[], startedAtMs: number): number {
  let id = startedAtMs;
  while (episodes.some((episode) => episode.id === id)) id += 1;
  return id;
}

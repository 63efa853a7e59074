import type { Operation } from '../canary/stopwatch.ts';
import type { Broken } from './violation.ts';

/** How long the canary may wait, besides what the machine was late. */
const LIMIT_MS = 500;

/** What is wrong with how the canary was served; undefined if nothing is. */
export function judgeOperation({ name, tookMs, lagMs, failure }: Operation): Broken | undefined {
  if (failure !== undefined)
    return { rule: 'the canary is served', detail: `${name} failed: ${failure}`, isDelay: true };
  if (tookMs <= LIMIT_MS + lagMs) return undefined;
  const detail = `${name} took ${tookMs.toFixed(0)} ms, while the machine was ${lagMs.toFixed(0)} ms late`;
  return { rule: `the canary is served within ${LIMIT_MS} ms`, detail, isDelay: true };
}

/** Every acknowledged report of the canary is in the log once, where its acknowledgement said. */
export function judgeLog(
  acknowledged: ReadonlyMap<string, string>,
  logged: readonly { readonly reportId: string; readonly position: string }[],
): readonly Broken[] {
  const places = Map.groupBy(logged, ({ reportId }) => reportId);
  return [...acknowledged].flatMap(([id, position]) => {
    const found = (places.get(id) ?? []).map((event) => event.position);
    if (found.length === 1 && found[0] === position) return [];
    const detail = `${id} acknowledged at ${position}, found at [${found.join(', ')}]`;
    return [{ rule: 'an acknowledged report is in the log once', detail }];
  });
}

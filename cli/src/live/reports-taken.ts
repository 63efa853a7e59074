const ASK_WITHIN_MS = 2_000;
/** A line of the counter of reports, such as `odograph_ingest_reports_total{outcome="accepted"} 12`. */
const COUNT = /^odograph_ingest_reports_total\{[^}]*outcome="(?:accepted|quarantined)"[^}]*\} (\d+)/gm;

/** How many reports ingest has taken since it started, from anyone; undefined if its metrics cannot be read. */
export async function reportsTaken(endpoint: string): Promise<number | undefined> {
  try {
    const answer = await fetch(`http://${endpoint}/metrics`, { signal: AbortSignal.timeout(ASK_WITHIN_MS) });
    const counts = [...(await answer.text()).matchAll(COUNT)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  } catch {
    // Whatever fetch fails with, ingest does not answer.
    return undefined;
  }
}

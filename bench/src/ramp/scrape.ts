import { type MetricSample, parseMetrics } from './prometheus.ts';

/** What services say of themselves, by their names. One that does not answer is not among them. */
export type Scrape = Readonly<Record<string, readonly MetricSample[]>>;

const ANSWER_WITHIN_MS = 10_000;

/** @param endpoints are the services' metrics, `host:port`, by their names. */
export async function scrapeAll(endpoints: Readonly<Record<string, string>>): Promise<Scrape> {
  const names = Object.keys(endpoints);
  const answers = await Promise.allSettled(names.map((name) => scrape(endpoints[name] ?? '')));
  return Object.fromEntries(
    answers.flatMap((answer, at) => (answer.status === 'fulfilled' ? [[names[at], answer.value]] : [])),
  );
}

async function scrape(endpoint: string): Promise<readonly MetricSample[]> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  return parseMetrics(await (await fetch(`http://${endpoint}/metrics`, { signal })).text());
}

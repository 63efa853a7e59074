/** The metrics of services by name; without those that did not answer. */
export type Scrape = Readonly<Record<string, readonly MetricSample[]>>;

/** One line of the metrics of a service. */
interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

const ANSWER_WITHIN_MS = 10_000;

/** @param endpoints of the services' metrics by name, `host:port`. */
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

/** Reads the Prometheus text format (version 0.0.4) without comments and timestamps. */
export function parseMetrics(text: string): readonly MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, text]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** The sum of all values of a name; 0 if there is none. */
export function sumOf(samples: readonly MetricSample[], name: string): number {
  return samples.filter((sample) => sample.name === name).reduce((sum, { value }) => sum + value, 0);
}

/** The number of values up to each upper bound, by the bounds. */
export type Buckets = ReadonlyMap<number, number>;

/** The buckets of a histogram, summed over the wanted label sets. */
export function bucketsOf(
  samples: readonly MetricSample[],
  name: string,
  isWanted: (labels: MetricSample['labels']) => boolean,
): Buckets {
  const buckets = new Map<number, number>();
  for (const { name: found, labels, value } of samples) {
    if (found !== `${name}_bucket` || !isWanted(labels)) continue;
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return buckets;
}

/**
 * A quantile of the values between two scrapes of a histogram, computed as Prometheus's `histogram_quantile` does: linear
 * in a bucket. Undefined if there are no values, or the process restarted in between.
 */
export function quantileBetween(before: Buckets, after: Buckets, quantile: number): number | undefined {
  const counts = [...after]
    .map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
    .toSorted((a, b) => a.bound - b.bound);
  const total = counts.at(-1)?.count ?? 0;
  if (total <= 0 || counts.some(({ count }) => count < 0)) return undefined;
  const rank = quantile * total;
  const at = counts.findIndex(({ count }) => count >= rank);
  const { bound: low, count: below } = counts[at - 1] ?? { bound: 0, count: 0 };
  const { bound: high, count: through } = counts[at] as (typeof counts)[number];
  if (!Number.isFinite(high)) return low;
  return low + ((high - low) * (rank - below)) / (through - below);
}

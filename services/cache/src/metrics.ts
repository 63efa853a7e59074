import type { Cache } from '@odograph/cache/cache';
import type { JetStreamInvalidations } from '@odograph/cache/jetstream-invalidations';
import type { LowerTier } from '@odograph/cache/lower-tier';
import { counter, gauge, labelledGauge, latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { Directory } from './statuses/directory.ts';
import type { Following } from './statuses/following.ts';
import type { Watches } from './watch/watches.ts';

interface Measured {
  readonly cache: Cache;
  readonly lower: readonly LowerTier[];
  readonly invalidations: JetStreamInvalidations;
  readonly directory: Directory;
  readonly watches: Watches;
  readonly following: Following;
  readonly partitionCount: number;
}

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 };

/** What is measured when it happens. */
export function cacheInstruments(meter: Meter) {
  const lag = latencyHistogram(
    meter,
    'odograph.cache.invalidations.lag',
    'From the publication of an invalidation until it is applied here.',
  );
  const sampled = counter(
    meter,
    'odograph.cache.sampled',
    '{comparison}',
    'Statuses that were compared with those of history, by seconds since then, and whether they agree.',
  );
  return {
    invalidated: (lagMs: number) => lag.record(lagMs / 1_000),
    compared: (afterMs: number, agrees: boolean) => sampled.add(1, { after: `${afterMs / 1_000}s`, agrees }),
  };
}

/** What is read at each scrape. */
export function measureCache(meter: Meter, measured: Measured): void {
  const { cache, lower, invalidations, directory, watches, following, partitionCount } = measured;
  const byType = (
    name: string,
    unit: string,
    description: string,
    read: (type: { bytes: number; size: number }) => number,
  ) =>
    labelledGauge(meter, `odograph.cache.${name}`, unit, description, (result) => {
      for (const [type, typed] of cache.types()) result.observe(read(typed), { type });
    });
  byType('memory', 'By', 'Memory of values, as they are counted, by type.', ({ bytes }) => bytes);
  byType('entries', '{value}', 'Values in memory, by type.', ({ size }) => size);
  const byLevel = (name: string, unit: string, description: string, read: (tier: LowerTier) => number) =>
    labelledGauge(meter, `odograph.cache.${name}`, unit, description, (result) => {
      for (const tier of lower) result.observe(read(tier), { level: tier.name });
    });
  byLevel('queued', '{write}', 'Writes that wait for a level.', ({ queueDepth }) => queueDepth);
  byLevel(
    'repairs',
    '{key}',
    'Keys whose deletes a level has refused, and that are tried again.',
    ({ repairDepth }) => repairDepth,
  );
  byLevel(
    'breaker',
    '1',
    'Whether a level is used: 0 closed, 1 half-open, 2 open.',
    ({ state }) => BREAKER_STATES[state],
  );
  gauge(
    meter,
    'odograph.cache.invalidations.live',
    '1',
    'Whether invalidations of other processes arrive.',
    () => (invalidations.isLive() ? 1 : 0),
  );
  gauge(
    meter,
    'odograph.cache.vehicles',
    '{vehicle}',
    'Vehicles that lists and watches choose from.',
    () => directory.size,
  );
  gauge(meter, 'odograph.cache.watches', '{watch}', 'Watches that are open.', () => watches.size);
  labelledGauge(
    meter,
    'odograph.cache.log.silence',
    's',
    'Since the log last said what it has, by partition.',
    (result) => {
      for (let partition = 0; partition < partitionCount; partition += 1) {
        const silentMs = following.silentMs(partition);
        if (Number.isFinite(silentMs)) result.observe(silentMs / 1_000, { partition });
      }
    },
  );
}

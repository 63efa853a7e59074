import { counter, labelledGauge, latencyHistogram } from '@odograph/platform/metrics';
import type { Meter } from '@opentelemetry/api';
import type { Level, StaleReason } from './answer.ts';
import type { CacheCounts, Refusal } from './counts.ts';

/** What was counted of one type since the start of the process. */
export interface TypeCounts {
  readonly answers: Record<Level, number>;
  misses: number;
  loads: number;
  stale: number;
  evicted: number;
  refused: number;
}

/** Counts for people who ask, and as metrics. */
export class MeasuredCounts implements CacheCounts {
  readonly #types = new Map<string, TypeCounts>();
  readonly #instruments: ReturnType<typeof instrumentsOf>;

  constructor(meter: Meter) {
    this.#instruments = instrumentsOf(meter);
    labelledGauge(
      meter,
      'odograph.cache.hit.ratio',
      '1',
      'Share of the answers since the start that needed no source, by type.',
      (result) => {
        for (const [type, counts] of this.#types) result.observe(ratioOf(counts), { type });
      },
    );
  }

  of(type: string): Readonly<TypeCounts> {
    return this.#of(type);
  }

  hit(type: string, level: Level): void {
    this.#of(type).answers[level] += 1;
    this.#instruments.answers.add(1, { type, level });
  }

  miss(type: string): void {
    this.#of(type).misses += 1;
    this.#instruments.misses.add(1, { type });
  }

  stale(type: string, reason: StaleReason): void {
    this.#of(type).stale += 1;
    this.#instruments.stale.add(1, { type, reason });
  }

  refused(type: string, level: Level, reason: Refusal): void {
    this.#of(type).refused += 1;
    this.#instruments.refused.add(1, { type, level, reason });
  }

  evicted(type: string): void {
    this.#of(type).evicted += 1;
    this.#instruments.evicted.add(1, { type });
  }

  unreadable(type: string): void {
    this.#instruments.unreadable.add(1, { type });
  }

  leaseWaited(type: string): void {
    this.#instruments.leaseWaits.add(1, { type });
  }

  loaded(type: string, tookMs: number, hasFailed: boolean): void {
    this.#of(type).loads += 1;
    this.#instruments.loads.record(tookMs / 1_000, { type, result: hasFailed ? 'failed' : 'loaded' });
  }

  dropped(level: Level): void {
    this.#instruments.dropped.add(1, { level });
  }

  #of(type: string): TypeCounts {
    const held = this.#types.get(type);
    if (held) return held;
    const answers = { memory: 0, redis: 0, files: 0, source: 0 };
    const counts = { answers, misses: 0, loads: 0, stale: 0, evicted: 0, refused: 0 };
    this.#types.set(type, counts);
    return counts;
  }
}

function ratioOf({ answers: { memory, redis, files, source } }: TypeCounts): number {
  const hits = memory + redis + files;
  return hits + source === 0 ? 0 : hits / (hits + source);
}

function instrumentsOf(meter: Meter) {
  const count = (name: string, unit: string, description: string) =>
    counter(meter, `odograph.cache.${name}`, unit, description);
  return {
    answers: count('answers', '{answer}', 'Answers by type and by the level that they came from.'),
    misses: count('misses', '{value}', 'Values that no level had, by type.'),
    stale: count('stale', '{answer}', 'Older values that were answered, by type and reason.'),
    refused: count(
      'refused',
      '{write}',
      'Values that a level did not take, by type and reason: below a floor, older or of a lost lease are races that were prevented.',
    ),
    evicted: count('evicted', '{value}', 'Values that left memory because others needed the room, by type.'),
    unreadable: count('unreadable', '{value}', 'Values of a level that could not be read as their type.'),
    leaseWaits: count('lease.waits', '{wait}', 'Loads that waited for another process, by type.'),
    dropped: count('dropped', '{write}', 'Writes and floors that did not fit into the queue of a level.'),
    loads: latencyHistogram(
      meter,
      'odograph.cache.load.duration',
      'From the request of a value to its source until it is there.',
    ),
  };
}

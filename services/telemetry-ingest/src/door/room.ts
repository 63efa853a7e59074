import type { EventPublisher } from '@odograph/event-log/publisher';
import { LimitFault } from '@odograph/kernel/limit-fault';
import { partitionOf } from '@odograph/kernel/partition';

/** When telemetry is refused, in percent. */
export interface RoomLimits {
  /** Used share of a stream's bytes from which its telemetry is refused. */
  readonly fullPct: number;
  /** Free share of the log's disk below which all telemetry is refused. */
  readonly minFreeDiskPct: number;
}

const RETRY_AFTER_MS = 5_000;

/** Refuses telemetry before a stream or the log's disk is full, so that decisions and ticks still get in. */
export class TelemetryRoom {
  readonly #events: Pick<EventPublisher, 'partitionCount' | 'roomIn'>;
  readonly #limits: RoomLimits;

  constructor(events: Pick<EventPublisher, 'partitionCount' | 'roomIn'>, limits: RoomLimits) {
    this.#events = events;
    this.#limits = limits;
  }

  /** Why a vehicle's telemetry is refused now: a Fault OVERLOADED; undefined if there is room. */
  faultFor(vehicleId: string): LimitFault | undefined {
    const count = this.#events.partitionCount();
    return count === undefined ? undefined : this.faultIn(partitionOf(vehicleId, count));
  }

  /** Why a partition's telemetry is refused now, as {@link faultFor}. */
  faultIn(partition: number): LimitFault | undefined {
    const { filledRatio = 0, freeDiskRatio = 1 } = this.#events.roomIn(partition);
    const { fullPct, minFreeDiskPct } = this.#limits;
    if (filledRatio * 100 >= fullPct) return streamFull(partition, filledRatio, fullPct);
    if (freeDiskRatio * 100 < minFreeDiskPct) return diskFull(freeDiskRatio, minFreeDiskPct);
    return undefined;
  }
}

function streamFull(partition: number, filledRatio: number, fullPct: number): LimitFault {
  const found = `the stream of partition ${partition} is ${percent(filledRatio)} full`;
  const message = `${found}; telemetry is refused from ${fullPct} % on: retry in ${RETRY_AFTER_MS} ms`;
  const limit = 'bytes of the stream';
  return new LimitFault('stream_bytes', 'OVERLOADED', message, { retryAfterMs: RETRY_AFTER_MS, limit });
}

function diskFull(freeDiskRatio: number, minFreeDiskPct: number): LimitFault {
  const found = `the log's disk has ${percent(freeDiskRatio)} free`;
  const message = `${found}; telemetry is refused below ${minFreeDiskPct} %: retry in ${RETRY_AFTER_MS} ms`;
  const limit = `${minFreeDiskPct} % free disk`;
  return new LimitFault('free_disk', 'OVERLOADED', message, { retryAfterMs: RETRY_AFTER_MS, limit });
}

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;

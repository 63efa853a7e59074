import { setTimeout as delay } from 'node:timers/promises';
import type { TelemetryIngestClient } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { type Clock, systemClock } from '@odograph/kernel/clock';
import type { Source } from '@odograph/sources/source';
import { paced, type Speed } from './pace.ts';
import { Sender } from './sender.ts';
import type { OnRejected, SendTotals } from './tally.ts';

export interface SendOptions {
  readonly client: TelemetryIngestClient;
  readonly source: Source;
  /** As fast as the server takes it unless given. */
  readonly speed?: Speed;
  /** Reports a batch, at most; the server may allow fewer. */
  readonly batchReports?: number;
  /** How long rows wait for more to come. */
  readonly lingerMs?: number;
  /** How long the first connection may take to come about. */
  readonly contactWithinMs?: number;
  /** How long to go on trying while the server takes nothing. */
  readonly patienceMs?: number;
  /** Calls the sending off. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (totals: SendTotals) => void;
  readonly onRejected?: OnRejected;
  readonly clock?: Clock;
}

const DEFAULTS = { batchReports: 500, lingerMs: 50, contactWithinMs: 3_000, patienceMs: 120_000 };

/**
 * Sends the reports of a source through the door, and ends when each row has its outcome. What was not acknowledged is
 * sent again, on a new connection where one broke: a report's id makes that the same report.
 * @throws {Fault} UNAVAILABLE where the server cannot be reached or takes nothing for too long; CANCELLED when called
 *   off; whatever the source throws.
 */
export async function send(options: SendOptions): Promise<SendTotals> {
  const { client, source, signal: callOff } = options;
  const { speed = 'max', clock = systemClock, onProgress = ignore, onRejected = ignore } = options;
  const ending = new AbortController();
  const signal = callOff ? AbortSignal.any([callOff, ending.signal]) : ending.signal;
  const sleep = (ms: number) => delay(ms, undefined, { signal });
  const sender = new Sender({
    ...{ client, signal, clock, onProgress, onRejected },
    source: paced(source, { speed, clock, sleep }),
    batchReports: options.batchReports ?? DEFAULTS.batchReports,
    lingerMs: options.lingerMs ?? DEFAULTS.lingerMs,
    contactWithinMs: options.contactWithinMs ?? DEFAULTS.contactWithinMs,
    patienceMs: options.patienceMs ?? DEFAULTS.patienceMs,
  });
  try {
    return await sender.run();
  } finally {
    ending.abort();
  }
}

function ignore(): void {
  // Nobody asked to be told.
}

import type { Client } from '@odograph/client';
import { sleep } from '@odograph/client/retry';
import type { SendOptions } from '@odograph/client/send';
import { invariant } from '@odograph/kernel/fault';
import type { Source, SourceRow } from '@odograph/sources/source';
import { paced, type Speed } from './pace.ts';
import type { Tally } from './tally.ts';

export interface SendSourceOptions extends SendOptions {
  readonly speed: Speed;
  readonly signal: AbortSignal;
  /** Called after the outcome of each report. */
  readonly onProgress: () => void;
}

/**
 * Sends the reports of a source and counts the outcome of each row. Throws as `Client.send` does: UNAVAILABLE, CANCELLED
 * after the signal, and what the source throws.
 */
export async function sendSource(
  client: Client,
  source: Source,
  tally: Tally,
  { speed, onProgress, ...options }: SendSourceOptions,
): Promise<void> {
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  let rowsRead = 0;

  async function* readableRows(): AsyncGenerator<Extract<SourceRow, { report: object }>> {
    for await (const row of paced(source, { speed, sleep: (ms) => sleep(ms, signal) })) {
      rowsRead += 1;
      if ('report' in row) yield row;
      else tally.unreadable(row.row, row.unreadable);
    }
  }

  try {
    for await (const { item, result, attempts } of client.send(readableRows(), options)) {
      tally.settled(item.row, result, attempts);
      onProgress();
    }
  } finally {
    // The pace may be in the middle of a long wait.
    ending.abort();
  }
  invariant(tally.sent === rowsRead, `${rowsRead} rows have as many outcomes`);
}

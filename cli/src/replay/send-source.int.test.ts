import { createClient } from '@odograph/client';
import { ReportOutcome } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { acceptAll, type IngestScript, outcome, startScriptedIngest } from '@odograph/client/ingest.fixture';
import { unavailable } from '@odograph/client/server.fixture';
import { reportOf, type Source, type SourceRow } from '@odograph/sources/source';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type SendSourceOptions, sendSource } from './send-source.ts';
import { Tally } from './tally.ts';

const rowOf = (row: number): SourceRow => ({
  row,
  report: reportOf('v', { atMs: row * 1_000 }, { speed_kmh: row }),
});

async function sendTo(script: IngestScript, source: Source, options: Partial<SendSourceOptions> = {}) {
  const ingest = await startScriptedIngest(script);
  const client = createClient({ ingest: ingest.endpoint });
  onTestFinished(() => {
    client.close();
    ingest.kill();
  });
  const rejected: [number, string][] = [];
  const tally = new Tally((row, reason) => void rejected.push([row, reason]));
  const progress: number[] = [];
  await sendSource(client, source, tally, {
    ...{ speed: 'max', signal: new AbortController().signal, batchReports: 10, lingerMs: 5 },
    onProgress: () => progress.push(tally.sent),
    ...options,
  });
  return { totals: tally.totals, rejected, progress, batches: ingest.batches };
}

describe('sending a source', () => {
  it('counts the outcome of each row, those too that cannot be sent', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield rowOf(1);
      yield { row: 2, unreadable: 'not JSON' };
      yield { row: 3, report: reportOf('v', { atMs: 3_000 }, { 'Vehicle.Overlay.Text': 'x'.repeat(900) }) };
      yield* [rowOf(4), rowOf(5)];
    }
    const { totals, rejected, progress, batches } = await sendTo({ maxBytes: 160 }, source());
    expect(totals).toMatchObject({ sent: 5, accepted: 3, rejected: 2, unreadable: 1, resent: 0 });
    expect(totals.positions).toEqual([{ partition: 0, sequence: batches.length, index: expect.any(Number) }]);
    expect(rejected).toEqual([
      [2, 'not JSON'],
      [3, 'larger than the 160 bytes a message may have'],
    ]);
    expect(progress).toHaveLength(4);
    expect(progress.at(-1)).toBe(5);
  });

  it('counts what was sent again, and each row once', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      for (let row = 1; row <= 30; row += 1) yield rowOf(row);
    }
    const answer: IngestScript['answer'] = (reports, number) =>
      number === 3 ? { cut: unavailable('gone', 10) } : acceptAll(reports, number);
    const { totals } = await sendTo({ answer, windowBatches: 1 }, source());
    expect(totals).toMatchObject({ sent: 30, accepted: 30, resent: 10 });
  });

  it('fails with an outcome that it does not know', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield rowOf(1);
    }
    const answer = () => ({ results: [outcome(ReportOutcome.UNSPECIFIED)] });
    await expect(sendTo({ answer }, source())).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'the server answered with an unknown outcome: 0',
    });
  });
});

describe('a row that is due much later', () => {
  async function* source(onEnd: () => void): AsyncGenerator<SourceRow> {
    try {
      yield rowOf(1);
      yield rowOf(1_000_000);
    } finally {
      onEnd();
    }
  }

  it('is not waited for after the signal', async () => {
    const interruption = new AbortController();
    const onEnd = vi.fn();
    const sending = sendTo({}, source(onEnd), {
      ...{ speed: 1, signal: interruption.signal, onProgress: () => interruption.abort() },
    });
    await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  });

  it('is not waited for after a failure', async () => {
    const onEnd = vi.fn();
    const answer = () => ({ results: [] });
    const sending = sendTo({ answer }, source(onEnd), { speed: 1 });
    await expect(sending).rejects.toMatchObject({ message: 'the server gave 0 results for 1 reports' });
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  });
});

import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import { ReportOutcome } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  acceptAll,
  type IngestScript,
  idsOf,
  notStored,
  outcome,
  rowOf,
  type ScriptedIngest,
  startScriptedIngest,
} from './ingest.fixture.ts';
import type { RetryOptions } from './retry.ts';
import { overloaded, type Refusal, unavailable } from './server.fixture.ts';
import { encodeReport } from './wire.ts';

let ingest: ScriptedIngest | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  ingest?.kill();
  ingest = undefined;
});

const REPORTS = [1, 2, 3].map((row) => rowOf(row).report);

async function reportTo(script: IngestScript, options: RetryOptions = {}) {
  ingest = await startScriptedIngest(script);
  client = createClient({ ingest: ingest.endpoint });
  return await client.report(REPORTS, options);
}

const refusedOnce = (refused: Refusal): IngestScript => ({
  answer: (reports, number) => (number === 1 ? { refused } : acceptAll(reports, number)),
});

describe('reporting in one call', () => {
  it('gives one result each, in order', async () => {
    const results = await reportTo({});
    expect(results.map(({ position }) => position)).toEqual(
      [0, 1, 2].map((index) => ({ partition: 0, sequence: 1, index })),
    );
    expect(idsOf(ingest?.batches ?? [])).toEqual(['v@1', 'v@2', 'v@3']);
  });

  it('sends reports that are encoded already as they are', async () => {
    ingest = await startScriptedIngest();
    client = createClient({ ingest: ingest.endpoint });
    await client.report(REPORTS.map(encodeReport));
    await client.report(REPORTS);
    expect(ingest.batches[0]).toEqual(ingest.batches[1]);
  });

  it.each<[string, Refusal]>([
    ['UNAVAILABLE', unavailable('away', 100)],
    ['OVERLOADED', overloaded('too fast', 100)],
    ['DEADLINE', { code: status.DEADLINE_EXCEEDED, message: 'not on disk in time', retryAfterMs: 100 }],
  ])("is tried again after %s, after the server's delay", async (_, refusal) => {
    const startedMs = performance.now();
    expect(await reportTo(refusedOnce(refusal))).toHaveLength(3);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(95);
    expect(ingest?.batches).toHaveLength(2);
  });

  it.each<[string, Refusal]>([
    ['INVALID_INPUT', { code: status.INVALID_ARGUMENT, message: 'bad' }],
    ['TOO_LARGE', { code: status.RESOURCE_EXHAUSTED, message: 'too large' }],
    ['INTERNAL', { code: status.INTERNAL, message: 'a bug' }],
  ])('fails at once after %s', async (code, refusal) => {
    await expect(reportTo(refusedOnce(refusal))).rejects.toMatchObject({ code, message: refusal.message });
    expect(ingest?.batches).toHaveLength(1);
  });

  it('names the wrong fields of a call in which every report was rejected', async () => {
    const findings = [
      { field: 'reports[0].vehicle_id', reason: 'INVALID_VEHICLE_ID', description: 'is empty' },
    ];
    const refusal = { code: status.INVALID_ARGUMENT, message: 'none can be read', findings };
    await expect(reportTo(refusedOnce(refusal))).rejects.toMatchObject({ findings });
  });

  it('sends only those again that were not stored, and gives all results in order', async () => {
    const answer: IngestScript['answer'] = (reports, number) => ({
      results: reports.map((_, at) =>
        number < 3 && at === 0 ? notStored() : outcome(ReportOutcome.ACCEPTED, number),
      ),
    });
    const results = await reportTo({ answer });
    expect(ingest?.batches.map(({ length }) => length)).toEqual([3, 1, 1]);
    expect(results.map(({ position }) => position?.sequence)).toEqual([3, 1, 1]);
  });

  it('gives the result UNAVAILABLE for those that could not be stored in time', async () => {
    const results = await reportTo(
      { answer: (reports) => ({ results: reports.map(() => notStored(10)) }) },
      { deadlineMs: 100 },
    );
    expect(results.map((result) => result.outcome)).toEqual([4, 4, 4]);
    expect(results[0]?.findings[0]?.description).toBe('the log is away');
  });

  it('is tried once when the caller says so', async () => {
    const call = reportTo(refusedOnce(unavailable('away', 1)), { maxAttempts: 1 });
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'away', retryAfterMs: 1 });
  });

  it('fails with its deadline when the server does not answer', async () => {
    await expect(reportTo({ answer: () => 'silence' }, { deadlineMs: 100 })).rejects.toMatchObject({
      code: 'DEADLINE',
    });
  });

  it('ends with the signal', async () => {
    const abort = new AbortController();
    const call = reportTo({ answer: () => 'silence' }, { signal: abort.signal });
    const ended = expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(ingest?.batches).toHaveLength(1));
    abort.abort();
    await ended;
    await expect(client?.report(REPORTS, { signal: abort.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(ingest?.batches).toHaveLength(1);
  });

  it('survives a server that was killed before it answered', async () => {
    const call = reportTo({ answer: () => 'kill' });
    await vi.waitFor(() => expect(ingest?.batches).toHaveLength(1));
    await vi.waitFor(async () => {
      ingest = await startScriptedIngest({ port: ingest?.port ?? 0 });
    });
    expect(await call).toHaveLength(3);
  });

  it('fails when the server gives another number of results', async () => {
    await expect(reportTo({ answer: () => ({ results: [] }) })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'the server gave 0 results for 3 reports',
    });
  });

  it('names the endpoint when nothing listens', async () => {
    const nowhere = await startScriptedIngest();
    nowhere.kill();
    client = createClient({ ingest: nowhere.endpoint, maxAttempts: 1 });
    await expect(client.report(REPORTS)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`cannot reach ${nowhere.endpoint}`),
    });
  });

  it('says which endpoint is missing, and fails after close', async () => {
    const without = createClient({ history: '127.0.0.1:1' });
    await expect(without.report(REPORTS)).rejects.toThrow("pass { ingest: 'host:port' }");
    await reportTo({});
    client?.close();
    await expect(client?.report(REPORTS)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import {
  acceptAll,
  type IngestScript,
  idsOf,
  rowOf,
  type ScriptedIngest,
  startScriptedIngest,
} from './ingest.fixture.ts';
import type { RetryOptions } from './retry.ts';
import type { Refusal } from './server.fixture.ts';
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

  it('names the wrong fields of a call in which every report was rejected', async () => {
    const findings = [
      { field: 'reports[0].vehicle_id', reason: 'INVALID_VEHICLE_ID', description: 'is empty' },
    ];
    const refusal = { code: status.INVALID_ARGUMENT, message: 'none can be read', findings };
    await expect(reportTo(refusedOnce(refusal))).rejects.toMatchObject({ findings });
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

  it('names the endpoint when nothing listens', async () => {
    const nowhere = await startScriptedIngest();
    nowhere.kill();
    client = createClient({ ingest: nowhere.endpoint, maxAttempts: 1 });
    await expect(client.report(REPORTS)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `cannot reach ${nowhere.endpoint}: connect ECONNREFUSED ${nowhere.endpoint}`,
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

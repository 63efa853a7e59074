import { afterEach, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import {
  ConnectRequest,
  ReportOutcome,
  ReportRequest,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  acceptAll,
  type IngestScript,
  notStored,
  rowOf,
  type ScriptedIngest,
  startScriptedIngest,
} from './ingest.fixture.ts';
import { unavailable } from './server.fixture.ts';
import { encodeConnectRequest, encodeReport, encodeReportRequest } from './wire.ts';

let ingest: ScriptedIngest | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  ingest?.kill();
  ingest = undefined;
});

async function connectTo(script: IngestScript = {}) {
  ingest = await startScriptedIngest(script);
  client = createClient({ ingest: ingest.endpoint });
  return await client.connect({ openWithinMs: 1_000 });
}

const REPORTS = [1, 2].map((row) => rowOf(row).report);

it('has the limits of the server', async () => {
  const { limits } = await connectTo({ windowBatches: 7, maxReports: 8, maxBytes: 900 });
  expect(limits).toEqual({ windowBatches: 7, maxReports: 8, maxBytes: 900 });
});

it('gives each batch its result, and what was not stored to the caller', async () => {
  const answer: IngestScript['answer'] = (reports, number) =>
    number === 2 ? { results: [notStored(5)] } : acceptAll(reports, number);
  const connection = await connectTo({ answer });
  const [first, second] = await Promise.all([
    connection.send(REPORTS),
    connection.send([encodeReport(rowOf(3).report)]),
  ]);
  expect(first.results.map(({ position }) => position?.index)).toEqual([0, 1]);
  expect(second.results[0]?.outcome).toBe(ReportOutcome.UNAVAILABLE);
  expect(ingest?.batches.map(({ length }) => length)).toEqual([2, 1]);
});

it('waits for the results of what was sent when it is closed, and fails after that', async () => {
  const connection = await connectTo({ ackEvery: 3 });
  const results = Promise.all([connection.send(REPORTS), connection.send(REPORTS)]);
  await connection.close();
  expect(await results).toHaveLength(2);
  await expect(connection.send(REPORTS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

it('fails every batch under way with the fault that ended it', async () => {
  const connection = await connectTo({
    answer: (_, number) => (number === 2 ? { cut: unavailable('shutting down', 70) } : 'silence'),
  });
  const ends = await Promise.allSettled([
    connection.send(REPORTS),
    connection.send(REPORTS),
    connection.send(REPORTS),
  ]);
  for (const end of ends) {
    expect(end).toMatchObject({
      reason: { code: 'UNAVAILABLE', message: 'shutting down', retryAfterMs: 70 },
    });
  }
});

it('fails what is under way when it is cancelled', async () => {
  const connection = await connectTo({ answer: () => 'silence' });
  const sending = expect(connection.send(REPORTS)).rejects.toMatchObject({ code: 'CANCELLED' });
  await vi.waitFor(() => expect(ingest?.batches).toHaveLength(1));
  connection.cancel();
  await sending;
});

it('fails soon when the server sends no limits', async () => {
  ingest = await startScriptedIngest({ hello: 'nothing' });
  client = createClient({ ingest: ingest.endpoint });
  await expect(client.connect({ openWithinMs: 50 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `${ingest.endpoint} did not answer within 50 ms`,
  });
});

it('sends what the generated code would send', () => {
  const reports = Array.from({ length: 300 }, (_, at) => rowOf(at).report);
  const { batch } = ConnectRequest.decode(encodeConnectRequest(70_000, reports));
  expect(batch?.number).toBe(70_000);
  expect(batch?.reports).toEqual(
    ReportRequest.decode(encodeReportRequest(reports.map(encodeReport))).reports,
  );
  expect(batch?.reports[299]).toMatchObject({
    ...reports[299],
    samples: [{ observedAtMs: 299_000, signals: { speedKmh: 299 } }],
  });
  const generated = ConnectRequest.encode({ batch }).finish();
  expect(encodeConnectRequest(70_000, reports)).toEqual(Buffer.from(generated));
});

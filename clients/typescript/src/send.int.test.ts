import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import { ReportOutcome } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  acceptAll,
  type IngestScript,
  idsOf,
  idsUpTo,
  type Row,
  rowOf,
  rows,
  type ScriptedIngest,
  startScriptedIngest,
} from './ingest.fixture.ts';
import type { SendOptions, Sent } from './send.ts';
import { overloaded, unavailable } from './server.fixture.ts';

let ingest: ScriptedIngest | undefined;
let client: Client | undefined;

afterEach(() => {
  client?.close();
  ingest?.kill();
  ingest = undefined;
});

async function sendTo(script: IngestScript, source: AsyncIterable<Row>, options: SendOptions = {}) {
  ingest = await startScriptedIngest(script);
  client = createClient({ ingest: ingest.endpoint });
  const sent: Sent<Row>[] = [];
  for await (const each of client.send(source, { batchReports: 10, lingerMs: 5, ...options }))
    sent.push(each);
  return { sent, batches: ingest.batches, connections: ingest.connections };
}

const acceptedRows = (sent: readonly Sent<Row>[]) =>
  sent.filter(({ result }) => result.outcome === ReportOutcome.ACCEPTED).map(({ item }) => item.row);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

// What every client does is tested in clients/conformance.
describe('sending a source', () => {
  it('sends the trace of the caller', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    await sendTo({}, rows(1), { traceparent });
    expect(ingest?.traceparents).toEqual([traceparent]);
  });

  it('sends again what a server stored and did not acknowledge before it was killed', async () => {
    const answer: IngestScript['answer'] = (reports, number) =>
      number === 2 ? 'kill' : acceptAll(reports, number);
    const sending = sendTo({ answer, windowBatches: 1 }, rows(30));
    await vi.waitFor(() => expect(ingest?.batches).toHaveLength(2));
    const first = ingest as ScriptedIngest;
    await vi.waitFor(async () => {
      ingest = await startScriptedIngest({ port: first.port });
    });
    const { sent } = await sending;
    expect(acceptedRows(sent)).toEqual(upTo(30));
    expect(first.batches.map(({ length }) => length)).toEqual([10, 10]);
    expect(idsOf(ingest?.batches ?? [])).toEqual(idsUpTo(30).slice(10));
  });

  it('survives a server that dies and comes back while nothing is under way', async () => {
    async function* source(): AsyncGenerator<Row> {
      yield* rows(10);
      await vi.waitFor(() => expect(ingest?.batches.flat()).toHaveLength(10));
      const { port } = ingest as ScriptedIngest;
      ingest?.kill();
      await vi.waitFor(async () => {
        ingest = await startScriptedIngest({ port });
      });
      yield rowOf(11);
    }
    const { sent } = await sendTo({}, source());
    expect(acceptedRows(sent)).toEqual(upTo(11));
    expect(sent.map(({ attempts }) => attempts)).toEqual(sent.map(() => 1));
  });

  it('rejects a report that cannot be encoded, and sends its neighbours', async () => {
    async function* source(): AsyncGenerator<Row> {
      const { row, report } = rowOf(1);
      const samples = report.samples.map((sample) => ({ ...sample, observedAtMs: 1.5 }));
      yield { row, report: { ...report, samples } };
      yield rowOf(2);
    }
    const { sent } = await sendTo({}, source());
    expect(acceptedRows(sent)).toEqual([2]);
    expect(sent.find(({ item }) => item.row === 1)).toMatchObject({
      attempts: 0,
      result: { outcome: ReportOutcome.REJECTED, findings: [{ reason: 'INVALID_INPUT' }] },
    });
  });

  it('fails soon, with the endpoint in the message, when nothing listens', async () => {
    const nowhere = await startScriptedIngest();
    nowhere.kill();
    client = createClient({ ingest: nowhere.endpoint });
    await expect(client.send(rows(1), { connectWithinMs: 300 }).next()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(nowhere.endpoint),
    });
  });

  it('reads the source no further than a batch beyond the window', async () => {
    let read = 0;
    async function* source(): AsyncGenerator<Row> {
      for await (const row of rows(1_000)) {
        read += 1;
        yield row;
      }
    }
    const script: IngestScript = { answer: () => 'silence', windowBatches: 2 };
    await expect(sendTo(script, source(), { giveUpAfterMs: 300 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    expect(ingest?.batches).toHaveLength(2);
    expect(read).toBe(30);
  });

  it('reads the source no further while the caller takes no outcome', async () => {
    let read = 0;
    async function* source(): AsyncGenerator<Row> {
      for await (const row of rows(1_000)) {
        read += 1;
        yield row;
      }
    }
    ingest = await startScriptedIngest({ windowBatches: 2 });
    client = createClient({ ingest: ingest.endpoint });
    const sending = client.send(source(), { batchReports: 10 });
    await sending.next();
    await vi.waitFor(() => expect(ingest?.batches).toHaveLength(2));
    expect(read).toBeLessThanOrEqual(40);
    await sending.return();
  });

  it('stops the source when the caller stops', async () => {
    let isStopped = false;
    async function* source(): AsyncGenerator<Row> {
      try {
        yield* rows(1_000);
      } finally {
        isStopped = true;
      }
    }
    ingest = await startScriptedIngest();
    client = createClient({ ingest: ingest.endpoint });
    for await (const { item } of client.send(source(), { batchReports: 10 })) {
      if (item.row === 5) break;
    }
    await vi.waitFor(() => expect(isStopped).toBe(true));
  });
});

describe('the signal', () => {
  const forever = () => new Promise<never>(() => undefined);
  async function* stuckSource(): AsyncGenerator<Row> {
    yield rowOf(1);
    await forever();
  }

  it('ends it before it began', async () => {
    const sending = sendTo({}, rows(3), { signal: AbortSignal.abort() });
    await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(ingest?.connections).toBe(0);
  });

  it.each<[string, IngestScript, () => AsyncIterable<Row>]>([
    ['the connection opens', { hello: 'nothing' }, () => rows(3)],
    ['an answer is due', { answer: () => 'silence' }, () => rows(3)],
    ['it waits to send again', { answer: () => ({ refused: overloaded('full', 60_000) }) }, () => rows(3)],
    ['it waits to connect again', { answer: () => ({ cut: unavailable('gone', 60_000) }) }, () => rows(3)],
    ['the source gives nothing', {}, stuckSource],
  ])('ends it while %s', async (_, script, source) => {
    const abort = new AbortController();
    const sending = sendTo(script, source(), { signal: abort.signal, connectWithinMs: 60_000 });
    const ended = expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
    await vi.waitFor(() => expect(ingest?.connections).toBe(1));
    if (script.hello === undefined) await vi.waitFor(() => expect(ingest?.batches).toHaveLength(1));
    abort.abort();
    await ended;
  });
});

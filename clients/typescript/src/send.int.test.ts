import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Client, createClient } from './client.ts';
import { ReportOutcome } from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  type Answer,
  acceptAll,
  ackOf,
  type IngestScript,
  idsOf,
  idsUpTo,
  notStored,
  outcome,
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

const rowsWith = (sent: readonly Sent<Row>[], wanted: ReportOutcome) =>
  sent.filter(({ result }) => result.outcome === wanted).map(({ item }) => item.row);
const acceptedRows = (sent: readonly Sent<Row>[]) => rowsWith(sent, ReportOutcome.ACCEPTED);
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const resent = (sent: readonly Sent<Row>[]) => sent.reduce((sum, { attempts }) => sum + attempts - 1, 0);

describe('sending a source', () => {
  it('sends every report once, in order, in batches, and gives each its outcome', async () => {
    const { sent, batches } = await sendTo({}, rows(37));
    expect(idsOf(batches)).toEqual(idsUpTo(37));
    expect(batches.every(({ length }) => length <= 10)).toBe(true);
    expect(acceptedRows(sent)).toEqual(upTo(37));
    expect(resent(sent)).toBe(0);
    expect(sent.at(-1)?.result.position).toEqual({ partition: 0, sequence: batches.length, index: 6 });
  });

  it('takes acknowledgements that cover many batches', async () => {
    const { sent } = await sendTo({ ackEvery: 3, windowBatches: 3 }, rows(90));
    expect(acceptedRows(sent)).toEqual(upTo(90));
    expect(resent(sent)).toBe(0);
  });

  it('keeps no more batches under way than the server allows, each within its limits', async () => {
    let [underWay, most] = [0, 0];
    const answer: IngestScript['answer'] = (reports, number) => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (number % 2 === 0) underWay = 0;
      return acceptAll(reports, number);
    };
    const { sent, batches } = await sendTo(
      { windowBatches: 2, ackEvery: 2, maxReports: 4, answer },
      rows(40),
    );
    expect(acceptedRows(sent)).toEqual(upTo(40));
    expect(most).toBeLessThanOrEqual(2);
    expect(batches.every(({ length }) => length <= 4)).toBe(true);
  });

  it('cuts batches by bytes, and rejects a report that fits into none', async () => {
    const others = { 'Vehicle.Overlay.Text': { kind: { $case: 'text' as const, value: 'x'.repeat(900) } } };
    async function* source(): AsyncGenerator<Row> {
      yield rowOf(1);
      const { row, report } = rowOf(2);
      yield { row, report: { ...report, samples: [{ observedAtMs: 2_000, signals: { others } }] } };
      yield* [rowOf(3), rowOf(4)];
    }
    const { sent, batches } = await sendTo({ maxBytes: 120 }, source());
    expect(acceptedRows(sent).sort()).toEqual([1, 3, 4]);
    expect(sent.find(({ item }) => item.row === 2)).toMatchObject({
      attempts: 0,
      result: {
        outcome: ReportOutcome.REJECTED,
        findings: [{ field: '', description: 'larger than the 120 bytes a message may have' }],
      },
    });
    expect(batches.flat()).toHaveLength(3);
    expect(batches.length).toBeGreaterThan(1);
  });

  it("gives the server's outcomes and findings as they are", async () => {
    const finding = { field: 'vehicle_id', reason: 'X', description: 'is odd' };
    const results = [
      { ...outcome(ReportOutcome.ACCEPTED), findings: [finding] },
      outcome(ReportOutcome.QUARANTINED),
      { outcome: ReportOutcome.REJECTED, findings: [finding] },
    ];
    const { sent } = await sendTo({ answer: () => ({ results }) }, rows(3));
    expect(sent.map(({ result }) => result)).toMatchObject(results);
  });

  it('sends a report that waits for no others after the linger time', async () => {
    const more = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<Row> {
      yield rowOf(1);
      await more.promise;
      yield rowOf(2);
    }
    const sending = sendTo({}, source());
    await vi.waitFor(() => expect(ingest?.batches).toHaveLength(1));
    more.resolve();
    expect(acceptedRows((await sending).sent)).toEqual([1, 2]);
  });

  it('connects to nothing for a source without a report', async () => {
    const { sent, connections } = await sendTo({}, rows(0));
    expect({ sent, connections }).toEqual({ sent: [], connections: 0 });
  });

  it('sends the trace of the caller', async () => {
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    await sendTo({}, rows(1), { traceparent });
    expect(ingest?.traceparents).toEqual([traceparent]);
  });
});

describe('sending again', () => {
  it('waits as long as a refusal says, then sends the same again', async () => {
    const times: number[] = [];
    const answer: IngestScript['answer'] = (reports, number) => {
      times.push(performance.now());
      return number === 2 ? { refused: overloaded('too fast', 150) } : acceptAll(reports, number);
    };
    const { sent, batches } = await sendTo({ windowBatches: 1, answer }, rows(37));
    expect(acceptedRows(sent)).toEqual(upTo(37));
    expect(resent(sent)).toBe(10);
    expect(batches[2]).toEqual(batches[1]);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(145);
  });

  it("sends the reports of a batch that were not stored again, after the server's delay", async () => {
    const times: number[] = [];
    const { sent, batches } = await sendTo(
      {
        answer: (reports, number) => {
          times.push(performance.now());
          const isStored = (at: number) => number > 1 || at % 2 > 0;
          return { results: reports.map((_, at) => (isStored(at) ? outcome(1) : notStored(100))) };
        },
      },
      rows(10),
    );
    expect(acceptedRows(sent).sort((a, b) => a - b)).toEqual(upTo(10));
    expect(resent(sent)).toBe(5);
    expect(batches[1]?.map(({ reportId }) => reportId)).toEqual(idsUpTo(10).filter((_, at) => at % 2 === 0));
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(95);
  });

  it('sends the other vehicles while some wait, up to the window', async () => {
    async function* source(): AsyncGenerator<Row> {
      for (let row = 1; row <= 100; row += 1) yield rowOf(row, row <= 20 ? 'away' : 'here');
    }
    const stored: string[] = [];
    const answer: IngestScript['answer'] = (reports) => ({
      results: reports.map(({ vehicleId }) => {
        const isStored = vehicleId === 'here' || stored.length >= 80;
        if (isStored) stored.push(vehicleId);
        return isStored ? outcome(ReportOutcome.ACCEPTED) : notStored(20);
      }),
    });
    const { sent } = await sendTo({ answer, windowBatches: 3 }, source());
    expect(acceptedRows(sent).sort((a, b) => a - b)).toEqual(upTo(100));
    expect(stored.lastIndexOf('here')).toBe(79);
  });

  it('connects again after a cut and sends what was not acknowledged, first and in order', async () => {
    const { sent, batches, connections } = await sendTo(
      {
        answer: (reports, number) =>
          number === 2 ? { cut: unavailable('gone', 10) } : acceptAll(reports, number),
      },
      rows(37),
    );
    expect(connections).toBe(2);
    expect(acceptedRows(sent)).toEqual(upTo(37));
    expect(resent(sent)).toBeGreaterThanOrEqual(10);
    expect(new Set(idsOf(batches))).toEqual(new Set(idsUpTo(37)));
    const again = batches.findIndex(
      (batch, at) => at > 1 && batch[0]?.reportId === batches[1]?.[0]?.reportId,
    );
    expect(batches[again]).toEqual(batches[1]);
    expect(idsOf(batches.slice(again))).toEqual(idsUpTo(37).slice(10));
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

  it('gives every report one outcome, whatever the server refuses, forgets or cuts', async () => {
    const trouble: Record<string, (rows: number) => Answer> = {
      refuse: () => ({ refused: overloaded('too fast', 1) }),
      cut: () => ({ cut: unavailable('gone', 1) }),
      forget: (count) => ({
        results: Array.from({ length: count }, (_, at) =>
          at % 3 ? outcome(ReportOutcome.ACCEPTED) : notStored(),
        ),
      }),
    };
    const plans = fc.array(fc.constantFrom('accept', ...Object.keys(trouble)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (plan, ackEvery) => {
        const answer: IngestScript['answer'] = (reports, number) =>
          trouble[plan[number - 1] ?? 'accept']?.(reports.length) ?? acceptAll(reports, number);
        const { sent, batches } = await sendTo({ answer, ackEvery, windowBatches: 4 }, rows(37), {
          batchReports: 4,
        });
        client?.close();
        ingest?.kill();
        expect(acceptedRows(sent).sort((a, b) => a - b)).toEqual(upTo(37));
        expect(new Set(idsOf(batches))).toEqual(new Set(idsUpTo(37)));
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it('finds the reports at fault when a batch is refused for its content', async () => {
    const { sent } = await sendTo(
      {
        answer: (reports, number) => {
          const bad = reports.findIndex(({ reportId }) => reportId === 'v@13');
          if (bad < 0) return acceptAll(reports, number);
          const findings = [{ field: `reports[${bad}]`, reason: 'BAD', description: 'is bad' }];
          return { refused: { code: status.INVALID_ARGUMENT, message: 'bad', findings } };
        },
      },
      rows(37),
    );
    expect(acceptedRows(sent)).toHaveLength(36);
    expect(rowsWith(sent, ReportOutcome.REJECTED)).toEqual([13]);
    const rejected = sent.find(({ item }) => item.row === 13);
    expect(rejected?.result.findings).toEqual([
      { field: 'reports[0]', reason: 'BAD', description: 'is bad' },
    ]);
  });

  it('halves a batch that the server finds too large', async () => {
    const tooLarge = { code: status.RESOURCE_EXHAUSTED, message: 'too large' };
    const answer: IngestScript['answer'] = (reports, number) =>
      reports.length > 3 ? { refused: tooLarge } : acceptAll(reports, number);
    const { sent } = await sendTo({ answer }, rows(10));
    expect(acceptedRows(sent)).toEqual(upTo(10));
  });
});

describe('giving up', () => {
  it.each([
    ['INTERNAL', status.INTERNAL],
    ['NOT_FOUND', status.NOT_FOUND],
    ['RULE_VIOLATED', status.FAILED_PRECONDITION],
    ['CORRUPT_LOG', status.DATA_LOSS],
  ])('fails at once after a refusal with %s', async (code, grpcStatus) => {
    const refused = { code: grpcStatus, message: 'internal error 42' };
    await expect(sendTo({ answer: () => ({ refused }) }, rows(3))).rejects.toMatchObject({
      code,
      message: 'internal error 42',
    });
    expect(ingest?.batches).toHaveLength(1);
  });

  it('fails when the connection ends with a fault that a retry cannot help', async () => {
    const cut = { code: status.INVALID_ARGUMENT, message: 'wrong batch number' };
    await expect(sendTo({ answer: () => ({ cut }) }, rows(3))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    expect(ingest?.connections).toBe(1);
  });

  it('gives up, and says why, when nothing is taken for too long', async () => {
    const answer = () => ({ refused: overloaded('the disk is full', 20) });
    await expect(sendTo({ answer }, rows(3), { giveUpAfterMs: 200 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the server took no report for 0 s: the disk is full',
    });
  });

  it('gives up when the server does not answer', async () => {
    const sending = sendTo({ answer: () => 'silence' }, rows(3), { giveUpAfterMs: 200 });
    await expect(sending).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the server took no report for'),
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

  it('throws what the source throws, after the outcomes of the reports before it', async () => {
    async function* source(): AsyncGenerator<Row> {
      yield* rows(3);
      throw new Error('the file broke off');
    }
    ingest = await startScriptedIngest();
    client = createClient({ ingest: ingest.endpoint });
    const sent: Sent<Row>[] = [];
    const sending = (async () => {
      for await (const each of (client as Client).send(source())) sent.push(each);
    })();
    await expect(sending).rejects.toThrow('the file broke off');
    expect(acceptedRows(sent)).toEqual([1, 2, 3]);
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

describe('a server that breaks the contract', () => {
  const result = outcome(ReportOutcome.ACCEPTED);
  it.each<[string, IngestScript, string]>([
    [
      'acknowledges a batch that was not sent',
      { answer: () => ({ raw: ackOf({ number: 7, results: [result] }) }) },
      'the server acknowledged batch 7, which was not sent',
    ],
    [
      'gives fewer results than reports',
      { answer: () => ({ results: [] }) },
      'the server gave 0 results for 3 reports',
    ],
    [
      'gives more results than reports',
      { answer: () => ({ results: [result, result, result, result] }) },
      'the server gave 4 results for 3 reports',
    ],
    ['sends an acknowledgement first', { hello: ackOf() }, 'must send its limits first, but sent ack'],
    ['sends bytes that are not a message', { answer: () => ({ raw: Buffer.from([0xff, 0xff]) }) }, 'parsing'],
    ['begins with bytes that are not a message', { hello: Buffer.from([0xff, 0xff]) }, 'parsing'],
  ])('fails when it %s', async (_, script, message) => {
    await expect(sendTo(script, rows(3))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, IngestScript]>([
    ['sends no limits', { hello: 'nothing' }],
    ['ends every connection at once', { hello: 'end' }],
  ])('gives up when it %s', async (_, script) => {
    await expect(sendTo(script, rows(3), { connectWithinMs: 200 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^127.0.0.1:\d+ (did not answer|does not answer|ended the connection)/),
    });
  });

  it('takes limits of 0 as 1', async () => {
    const { sent } = await sendTo({ windowBatches: 0, maxReports: 0 }, rows(3));
    expect(acceptedRows(sent)).toEqual([1, 2, 3]);
  });
});

import {
  ReportOutcome,
  TelemetryIngestClient,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { createGrpcClient } from '@odograph/platform/grpc/client';
import { toRpcStatus } from '@odograph/platform/grpc/status';
import { reportOf, type Source, type SourceRow } from '@odograph/sources/source';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  acceptAll,
  type DoorScript,
  outcome,
  type ScriptedDoor,
  startDoor,
} from './door.fixture.ts';
import { type SendOptions, send } from './send.ts';

let door: ScriptedDoor | undefined;
let client: TelemetryIngestClient | undefined;

afterEach(async () => {
  client?.close();
  await door?.stop();
});

async function sendTo(script: DoorScript, source: Source, options: Partial<SendOptions> = {}) {
  door = await startDoor(script);
  client = createGrpcClient(TelemetryIngestClient, door.endpoint);
  const rejected: [number, string][] = [];
  const onRejected = (row: number, reason: string) => void rejected.push([row, reason]);
  const totals = await send({ client, source, batchReports: 10, lingerMs: 5, onRejected, ...options });
  return { totals, rejected, batches: door.batches, connections: door.connections };
}

const rowOf = (row: number): SourceRow => ({
  row,
  report: reportOf('v', { atMs: row * 1_000 }, { speed_kmh: row }),
});

async function* rows(count: number): AsyncGenerator<SourceRow> {
  for (let row = 1; row <= count; row += 1) yield rowOf(row);
}

const idsOf = (batches: ScriptedDoor['batches']) => batches.flat().map(({ reportId }) => reportId);
const ALL_37 = Array.from({ length: 37 }, (_, at) => `v@${new Date((at + 1) * 1_000).toISOString()}`);

describe('sending a source', () => {
  it('sends every row once, in order, in batches, and counts what became of it', async () => {
    const { totals, batches } = await sendTo({}, rows(37));
    expect(idsOf(batches)).toEqual(ALL_37);
    expect(batches.every(({ length }) => length <= 10)).toBe(true);
    expect(totals).toMatchObject({ sent: 37, accepted: 37, quarantined: 0, rejected: 0, resent: 0 });
    expect(totals.positions).toEqual([{ partition: 0, sequence: batches.length, index: 6 }]);
  });

  it('takes acknowledgements that cover many batches', async () => {
    const { totals } = await sendTo({ ackEvery: 3, windowBatches: 3 }, rows(90));
    expect(totals).toMatchObject({ sent: 90, accepted: 90, resent: 0 });
  });

  it('keeps no more batches under way than the server allows, each within its limits', async () => {
    let [underWay, most] = [0, 0];
    const answer: DoorScript['answer'] = (reports, number) => {
      underWay += 1;
      most = Math.max(most, underWay);
      if (number % 2 === 0) underWay = 0;
      return acceptAll(reports, number);
    };
    const { totals, batches } = await sendTo(
      { windowBatches: 2, ackEvery: 2, maxReports: 4, answer },
      rows(40),
    );
    expect(totals.accepted).toBe(40);
    expect(most).toBeLessThanOrEqual(2);
    expect(batches.every(({ length }) => length <= 4)).toBe(true);
  });

  it('cuts batches by bytes, and rejects a row that fits into none', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield rowOf(1);
      yield { row: 2, report: reportOf('v', { atMs: 2_000 }, { 'Vehicle.Overlay.Text': 'x'.repeat(900) }) };
      yield rowOf(3);
      yield rowOf(4);
    }
    const { totals, rejected, batches } = await sendTo({ maxBytes: 160 }, source());
    expect(totals).toMatchObject({ sent: 4, accepted: 3, rejected: 1, unreadable: 0 });
    expect(rejected).toEqual([[2, 'larger than the 160 bytes a message may have']]);
    expect(batches.flat()).toHaveLength(3);
  });

  it('counts outcomes, findings and unreadable rows', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield* rows(4);
      yield { row: 5, unreadable: 'no JSON' };
    }
    const finding = (field: string) => ({ field, reason: 'X', description: 'is odd' });
    const { totals, rejected } = await sendTo(
      {
        answer: () => ({
          results: [
            { ...outcome(ReportOutcome.ACCEPTED), findings: [finding('samples[0].signals.speed_kmh')] },
            { ...outcome(ReportOutcome.ACCEPTED), findings: [finding('vin')] },
            outcome(ReportOutcome.QUARANTINED),
            { ...outcome(ReportOutcome.REJECTED), findings: [finding('vehicle_id')] },
          ],
        }),
      },
      source(),
    );
    expect(totals).toMatchObject({
      ...{ sent: 5, accepted: 2, acceptedInPart: 1, quarantined: 1, rejected: 2, unreadable: 1 },
    });
    expect(rejected.sort()).toEqual([
      [4, 'vehicle_id: is odd'],
      [5, 'no JSON'],
    ]);
  });

  it('waits as long as a refusal says, then sends the same again', async () => {
    const refused = toRpcStatus(new Fault('OVERLOADED', 'too fast', { retryAfterMs: 150 }));
    const times: number[] = [];
    const { totals, batches } = await sendTo(
      {
        windowBatches: 1,
        answer: (reports, number) => {
          times.push(performance.now());
          return number === 2 ? { refused } : acceptAll(reports, number);
        },
      },
      rows(37),
    );
    expect(totals).toMatchObject({ sent: 37, accepted: 37, resent: 10 });
    expect(batches[2]).toEqual(batches[1]);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(145);
  });

  it('sends again, with its own delay, what was not confirmed of a batch', async () => {
    const { totals, batches } = await sendTo(
      {
        answer: (reports, number) => {
          const results = reports.map((_, at) =>
            number === 1 && at % 2 === 0
              ? { ...outcome(ReportOutcome.UNAVAILABLE), position: undefined, retryAfterMs: 20 }
              : outcome(ReportOutcome.ACCEPTED),
          );
          return { results };
        },
      },
      rows(10),
    );
    expect(totals).toMatchObject({ sent: 10, accepted: 10, resent: 5 });
    expect(batches[1]?.map(({ reportId }) => reportId)).toEqual(
      ALL_37.slice(0, 10).filter((_, at) => at % 2 === 0),
    );
  });

  it('connects again after a cut and sends what was not acknowledged, first and in order', async () => {
    const { totals, batches, connections } = await sendTo(
      {
        answer: (reports, number) =>
          number === 2
            ? { cut: new Fault('UNAVAILABLE', 'gone', { retryAfterMs: 10 }) }
            : acceptAll(reports, number),
      },
      rows(37),
    );
    expect(connections).toBe(2);
    expect(totals).toMatchObject({ sent: 37, accepted: 37 });
    expect(totals.resent).toBeGreaterThanOrEqual(10);
    expect(new Set(idsOf(batches))).toEqual(new Set(ALL_37));
    expect(batches[2]).toEqual(batches[1]);
  });

  it('survives a server that dies and comes back, at the same address', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield* rows(10);
      const port = door?.endpoint.split(':')[1];
      await door?.stop();
      door = await startDoor({ port: Number(port) });
      yield rowOf(11);
    }
    const { totals } = await sendTo({}, source());
    expect(totals).toMatchObject({ sent: 11, accepted: 11 });
  });

  it('gives every row one outcome, whatever the server refuses, forgets or cuts', async () => {
    const fault = { retryAfterMs: 1 };
    const trouble: Record<string, (rows: number) => Answer> = {
      refuse: () => ({ refused: toRpcStatus(new Fault('OVERLOADED', 'too fast', fault)) }),
      cut: () => ({ cut: new Fault('UNAVAILABLE', 'gone', fault) }),
      forget: (rows) => {
        const again = { ...outcome(ReportOutcome.UNAVAILABLE), position: undefined, retryAfterMs: 1 };
        return {
          results: Array.from({ length: rows }, (_, at) =>
            at % 3 ? outcome(ReportOutcome.ACCEPTED) : again,
          ),
        };
      },
    };
    const plans = fc.array(fc.constantFrom('accept', ...Object.keys(trouble)), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 4 }), async (plan, ackEvery) => {
        const answer: DoorScript['answer'] = (reports, number) =>
          trouble[plan[number - 1] ?? 'accept']?.(reports.length) ?? acceptAll(reports, number);
        const { totals, batches } = await sendTo({ answer, ackEvery, windowBatches: 4 }, rows(37), {
          batchReports: 4,
        });
        await door?.stop();
        expect(totals).toMatchObject({ sent: 37, accepted: 37, rejected: 0 });
        expect(new Set(idsOf(batches))).toEqual(new Set(ALL_37));
      }),
      { numRuns: 25 },
    );
  }, 30_000);

  it('finds the rows at fault where a batch is refused for what is in it', async () => {
    const { totals, rejected } = await sendTo(
      {
        answer: (reports, number) => {
          const bad = reports.findIndex(({ reportId }) => reportId === ALL_37[12]);
          if (bad < 0) return acceptAll(reports, number);
          const violations = [{ field: `reports[${bad}]`, reason: 'BAD', description: 'is bad' }];
          return { refused: toRpcStatus(new Fault('INVALID_INPUT', 'bad', { violations })) };
        },
      },
      rows(37),
    );
    expect(totals).toMatchObject({ sent: 37, accepted: 36, rejected: 1 });
    expect(rejected).toEqual([[13, 'reports[0]: is bad']]);
  });

  it('fails where the server fails in a way that sending again cannot mend', async () => {
    const refused = toRpcStatus(new Fault('INTERNAL', 'internal error 42'));
    await expect(sendTo({ answer: () => ({ refused }) }, rows(3))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'internal error 42',
    });
  });

  it('fails where the answer is not one for each report', async () => {
    await expect(sendTo({ answer: () => ({ results: [] }) }, rows(3))).rejects.toMatchObject({
      message: 'the server gave 0 results for 3 reports',
    });
  });

  it('gives up, and says why, when nothing is taken for too long', async () => {
    const refused = toRpcStatus(new Fault('OVERLOADED', 'the disk is full', { retryAfterMs: 20 }));
    await expect(sendTo({ answer: () => ({ refused }) }, rows(3), { patienceMs: 200 })).rejects.toMatchObject(
      {
        code: 'UNAVAILABLE',
        message: expect.stringContaining('the disk is full'),
      },
    );
    await door?.stop();
    await expect(sendTo({ answer: () => 'silence' }, rows(3), { patienceMs: 200 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the server took no report for'),
    });
  });

  it('fails soon, naming the endpoint, where nobody listens', async () => {
    const nowhere = await startDoor();
    await nowhere.stop();
    client = createGrpcClient(TelemetryIngestClient, nowhere.endpoint);
    await expect(send({ client, source: rows(1), contactWithinMs: 300 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(nowhere.endpoint),
    });
  });

  it('throws what the source throws, after what came before it was sent', async () => {
    async function* source(): AsyncGenerator<SourceRow> {
      yield* rows(3);
      throw new Fault('INVALID_INPUT', 'the file broke off');
    }
    await expect(sendTo({}, source())).rejects.toThrow('the file broke off');
    expect(door?.batches.flat()).toHaveLength(3);
  });

  it('ends when called off, also while it waits for a row to be due', async () => {
    const callOff = new AbortController();
    const onProgress = () => callOff.abort();
    async function* source(): AsyncGenerator<SourceRow> {
      yield rowOf(1);
      yield rowOf(1_000_000);
    }
    const sending = sendTo({}, source(), { speed: 1, signal: callOff.signal, onProgress });
    await expect(sending).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

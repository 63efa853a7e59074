import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { PartitionState } from '@odograph/client/generated/odograph/telemetry/v1/event';
import { DescribeResponse } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';
import { startScriptedIngest } from '@odograph/client/ingest.fixture';
import { describe, expect, it, vi } from 'vitest';
import { SIMULATED_KM, startHistory } from '../history.fixture.ts';
import { runLiveView } from './live-view.ts';

const VIEW = { dataDir: '/nonexistent' };

interface Served {
  readonly ingest: Awaited<ReturnType<typeof startScriptedIngest>>;
  readonly history: Awaited<ReturnType<typeof startHistory>>;
}

/** Waits until the view has some words, and ends it and the services. */
async function expectShown(words: string, { ingest, history }: Served): Promise<void> {
  const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const leaving = new AbortController();
  const endpoints = { ingest: ingest.endpoint, history: history.endpoint, cache: history.endpoint };
  const viewing = runLiveView({ ...VIEW, endpoints, fleet: false, signal: leaving.signal });
  await vi.waitFor(() => expect(printed).toHaveBeenCalledWith(expect.stringContaining(words)));
  leaving.abort();
  await viewing;
  printed.mockRestore();
  ingest.kill();
  await history.stop();
}

describe('the live view', () => {
  it.each([
    ['every report', { refusal: { reason: 'NATS is away', sinceMs: 1, limit: '' } }],
    [
      'reports of partition 1',
      { partitions: [{ partition: 1, refusal: { reason: 'NATS is away', sinceMs: 1, limit: '' } }] },
    ],
  ])('says how much ingest has taken, and why it refuses %s', async (what, description) => {
    const ingest = await startScriptedIngest({
      description: DescribeResponse.fromPartial({ reportsTaken: 1_234, nowMs: 2, ...description }),
    });
    const history = await startHistory();
    // The fixture has two pages of one vehicle each.
    const words = `the first 1 vehicles, 1 silent; 1,234 reports taken; ingest refuses ${what}: NATS is away\n`;
    await expectShown(words, { ingest, history });
  });

  it.each([
    [
      'history has appended nothing to partition 0 for 10 min: MongoDB does not answer',
      { failingSinceMs: Date.now() - 630_000, lastError: 'MongoDB does not answer' },
    ],
    [
      'partition 0 of the log is halted: message 17 cannot be read',
      { state: PartitionState.HALTED, reason: 'message 17 cannot be read' },
    ],
  ])('says why the values are old: %s', async (words, partition) => {
    const [ingest, history] = await Promise.all([startScriptedIngest(), startHistory()]);
    Object.assign(history.partition, partition);
    await expectShown(words, { ingest, history });
  });

  it('lets simulated vehicles go on where they were, and report until its signal, also if ingest and history are away at first', async () => {
    const [absentIngest, absentHistory] = await Promise.all([startScriptedIngest(), startHistory()]);
    absentIngest.kill();
    await absentHistory.stop();
    const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const leaving = new AbortController();
    const { endpoint } = absentHistory;
    const endpoints = { ingest: absentIngest.endpoint, history: endpoint, cache: endpoint };
    const viewing = runLiveView({ ...VIEW, endpoints, fleet: true, signal: leaving.signal });
    await vi.waitFor(() =>
      expect(printed).toHaveBeenCalledWith(expect.stringContaining('cache: cannot reach')),
    );
    const history = await startHistory(absentHistory.port);
    const ingest = await startScriptedIngest({ port: absentIngest.port });
    await vi.waitFor(() => expect(ingest.batches.flat().length).toBeGreaterThan(10), { timeout: 10_000 });
    leaving.abort();
    await viewing;
    printed.mockRestore();
    ingest.kill();
    await history.stop();
    const [report] = ingest.batches.flat();
    expect(new Set(history.asked.status.map(({ vehicleId }) => vehicleId)).size).toBe(50);
    const odometers = ingest.batches.flat().flatMap(({ samples }) => samples[0]?.signals?.odometerKm ?? []);
    // A few reports of the fleet are faulty.
    const sound = odometers.filter((km) => km >= 0);
    expect(sound.length).toBeGreaterThan(5);
    expect(Math.min(...sound)).toBeGreaterThanOrEqual(SIMULATED_KM);
    expect(report).toMatchObject({ vehicleId: expect.stringMatching(/^sim-\d{3}$/), samples: [{}] });
  }, 20_000);

  it('says what the simulated vehicles are told, and goes on', async () => {
    const refusing = createHttp2Server().listen(0, '127.0.0.1');
    refusing.on('stream', (stream) => {
      const refusal = { 'grpc-status': '8', 'grpc-message': 'not today' };
      stream.respond({ 'content-type': 'application/grpc', ...refusal }, { endStream: true });
    });
    await once(refusing, 'listening');
    const history = await startHistory();
    const printed = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const leaving = new AbortController();
    const ingest = `127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const endpoints = { ingest, history: history.endpoint, cache: history.endpoint };
    const viewing = runLiveView({ ...VIEW, endpoints, fleet: true, signal: leaving.signal });
    const words = expect.stringContaining('the simulated vehicles: not today');
    await vi.waitFor(() => expect(printed).toHaveBeenCalledWith(words), { timeout: 10_000 });
    leaving.abort();
    await viewing;
    printed.mockRestore();
    refusing.close();
    await history.stop();
  }, 20_000);

  it('ends with its signal, although no service answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    const connected = once(silent, 'connection');
    await once(silent, 'listening');
    const endpoint = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const leaving = new AbortController();
    const endpoints = { ingest: endpoint, history: endpoint, cache: endpoint };
    const viewing = runLiveView({ ...VIEW, endpoints, fleet: true, isShown: false, signal: leaving.signal });
    await connected;
    leaving.abort();
    await viewing;
    silent.close();
  }, 20_000);
});

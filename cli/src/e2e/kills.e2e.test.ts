import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type JsonObject, startPlatform } from './platform.fixture.ts';

const VEHICLES = 60;
const SAMPLES = 200;
const STEP_MS = 100;
const START_MS = Date.parse('2024-05-01T12:00:00Z');

/** Twenty seconds of a fleet as NDJSON, by time. */
function drive(): { text: string; ids: string[] } {
  const reports = Array.from({ length: SAMPLES }, (_, at) =>
    Array.from({ length: VEHICLES }, (_, vehicle) => ({
      vehicle_id: `car-${vehicle}`,
      report_id: `car-${vehicle}#${at}`,
      observed_at: new Date(START_MS + at * STEP_MS).toISOString(),
      signals: { speed_kmh: at, odometer_km: vehicle * 1_000 + at },
    })),
  ).flat();
  const text = reports.map((report) => JSON.stringify(report)).join('\n');
  return { text, ids: reports.map(({ report_id }) => report_id) };
}

test('kill -9 of each process in turn, under load, loses and duplicates nothing', async () => {
  await using platform = await startPlatform();
  const { text, ids } = drive();
  const file = await platform.writeFile('drive.ndjson', text);
  const replay = platform.replay(file, '--format', 'ndjson', '--speed', '1');

  for (const name of ['ingest', 'history', 'nats', 'mongo']) {
    await delay(2_000);
    const { [name]: pid } = await platform.processes();
    process.kill(pid as number, 'SIGKILL');
    await vi.waitFor(async () => expect((await platform.processes())[name]).not.toBe(pid), {
      timeout: 20_000,
    });
  }

  expect(await replay).toMatchObject({ sent: ids.length, accepted: ids.length, quarantined: 0, rejected: 0 });
  await vi.waitFor(async () => expect(await platform.log()).toHaveLength(ids.length), {
    timeout: 30_000,
    interval: 500,
  });
  const logged = (await platform.log()).map((event) => event['report_id'] as string);
  expect(logged.toSorted()).toEqual(ids.toSorted());

  const statuses = await platform.json('status');
  expect(statuses).toHaveLength(VEHICLES);
  for (const status of statuses) {
    const speed = (status['signals'] as Record<string, JsonObject>)['speed_kmh'];
    expect(speed).toMatchObject({ value: SAMPLES - 1 });
  }
  for (const vehicle of [0, VEHICLES - 1]) {
    const range = ['--from', '2024-05-01T00:00:00Z', '--to', '2024-05-02T00:00:00Z'];
    const samples = await platform.json('history', `car-${vehicle}`, ...range);
    expect(samples.map((sample) => sample['report_id'])).toEqual(
      Array.from({ length: SAMPLES }, (_, at) => `car-${vehicle}#${at}`),
    );
  }
});

test('a restart in the middle loses and duplicates nothing', async () => {
  await using platform = await startPlatform();
  const { text, ids } = drive();
  const half = text.split('\n').slice(0, ids.length / 2);
  expect(
    await platform.replay(await platform.writeFile('half.ndjson', half.join('\n')), '--format', 'ndjson'),
  ).toMatchObject({
    accepted: half.length,
  });
  await platform.restart();
  await platform.replay(await platform.writeFile('all.ndjson', text), '--format', 'ndjson');

  await vi.waitFor(async () => expect(await platform.log()).toHaveLength(ids.length), {
    timeout: 30_000,
    interval: 500,
  });
});

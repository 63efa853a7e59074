import { expect, onTestFinished, test, vi } from 'vitest';
import { startLoad } from './load-process.ts';

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1';

test('a load works in its own process, and counts what failed', async () => {
  const users = await startLoad({
    kind: 'users',
    histories: [NOWHERE],
    caches: [NOWHERE],
    vehicles: 1,
    seed: 1,
  });
  onTestFinished(() => users.stop());
  await users.begin();
  await users.resize(3);
  const failed = async () => (await users.end()).errors['UNAVAILABLE'] ?? 0;
  await vi.waitFor(async () => expect(await failed()).toBeGreaterThan(0), { timeout: 20_000 });
  await users.stop();
  await expect(users.begin()).rejects.toThrow('the load process (users) has ended');
});

test('a load that cannot start is an error', async () => {
  const drive = startLoad({
    ...{ kind: 'drive', mode: { kind: 'paced', reportsPerSecond: 1 }, ingest: NOWHERE, history: NOWHERE },
    ...{ natsUrl: NOWHERE, partitions: 1, prepared: 0, vehicles: 1, samplesPerReport: 1, seed: 1 },
    ...{ connections: 1, batch: 1 },
  });
  await expect(drive).rejects.toThrow('the load process (drive) ended with exit code 1');
}, 20_000);

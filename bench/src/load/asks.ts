import { type Client, createClient } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { createRandom, seedOf } from '@odograph/kernel/random';
import { createFleet } from '@odograph/sources/fleet/fleet';
import type { AsksOptions, Load } from './load.ts';
import { createRecorder } from './recorder.ts';

const TRANSPORTS = 8;
const DEADLINE_MS = 5_000;

export function createAsks({ of, endpoint, vehicles, seed, draws, pauseMs }: AsksOptions): Load {
  const clients = Array.from({ length: TRANSPORTS }, () =>
    createClient({
      [of]: endpoint,
      maxAttempts: 1,
      channelOptions: { 'grpc.use_local_subchannel_pool': 1 },
    }),
  );
  const { vehicleIds } = createFleet({ movement: 'steps', seed, vehicles });
  const draw = zipf(vehicles);
  const askFor = (client: Client, ...asked: Parameters<Client['status']>) =>
    of === 'cache' ? client.latestStatus(...asked) : client.status(...asked);
  const recorder = createRecorder();
  return {
    recorder,
    async work(caller, signal) {
      const random = createRandom(seedOf(seedOf(seed, draws), caller));
      const client = clients[caller % TRANSPORTS] as Client;
      const options = { deadlineMs: DEADLINE_MS, signal };
      while (!signal.aborted) {
        if (pauseMs > 0) await pause(2 * pauseMs * random.next(), signal);
        const vehicleId = vehicleIds[draw(random.next())] ?? '';
        const startMs = performance.now();
        try {
          await askFor(client, vehicleId, options);
          recorder.count('answered', 1);
          recorder.time('answered', performance.now() - startMs);
        } catch (error) {
          if (!signal.aborted) recorder.failed(error);
        }
      }
    },
    async close() {
      for (const client of clients) client.close();
    },
  };
}

/** Of a number from 0 to 1, which of `count` things it is, of which the nth is drawn in proportion to 1/n. */
export function zipf(count: number): (share: number) => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let at = 0; at < count; at += 1) {
    sum += 1 / (at + 1);
    sums[at] = sum;
  }
  return (share) => {
    const wanted = share * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

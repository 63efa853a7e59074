// Reads of bentocache from the memory of its process. Prints how many a second.
// By default it holds values as JSON, so that no caller can change one; `serialize: false` holds the values themselves, as ours does.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';

const { entries, reads, serialize } = JSON.parse(process.env.BENCH_OPTIONS);
const cache = new BentoCache({
  default: 'memory',
  stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 2 * entries, serialize })) },
});
const keys = Array.from({ length: entries }, (_, at) => `vehicle-${at}`);
for (const key of keys) await cache.set({ key, value: `value of ${key}`, ttl: '1h' });
for (let turn = 0; turn < 3; turn += 1) {
  const startMs = performance.now();
  let found = 0;
  for (let at = 0; at < reads; at += 1) {
    if ((await cache.get({ key: keys[(at * 7_919) % entries] })) !== undefined) found += 1;
  }
  const perSecond = (reads / (performance.now() - startMs)) * 1_000;
  if (found !== reads) throw new Error(`only ${found} of ${reads} were found`);
  if (turn === 2) process.stdout.write(JSON.stringify({ perSecond }));
}
await cache.disconnectAll();

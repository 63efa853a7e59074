import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '@odograph/client';
import { pause } from '@odograph/kernel/clock';
import { invariant } from '@odograph/kernel/fault';
import { driveWorkers } from '../load/drive.ts';
import { startLoad } from '../load/load-process.ts';
import { measureOf } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { PACED_SHAPE } from './latency.ts';
import { type BenchPlan, VEHICLES } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import type { DriveTime } from './run-drive.ts';
import { sampleUsage } from './usage.ts';

/** Each reports a value above the limit, waits for its alert, and reports one below. */
const PROBES = 20;
const PROBE_PAUSE_MS = 200;

/** The last 19 are evaluated for each vehicle, and never hold. */
const RULES = `rule: probe
scope: { tags: [], fleets: [], vehicles: [${Array.from({ length: PROBES }, (_, at) => `probe-${at}`).join(', ')}] }
when: speed_kmh > 150
lateness: 0s
flapping: { alerts: 100, within: 1s }
---
${Array.from({ length: 19 }, (_, at) => `rule: r${at}\nwhen: speed_kmh > ${131 + at} && speed_kmh < 150\n`).join('---\n')}`;

/** Times of one way, in milliseconds. */
class Times {
  readonly #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }

  measures(name: string): readonly Measure[] {
    invariant(this.#values.length > 0, `${name}: nothing was measured`);
    const sorted = this.#values.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return [0.5, 0.95, 0.99].map((share) =>
      measureOf({ name: `${name}, p${share * 100}`, unit: 'ms', better: 'lower' }, [at(share)]),
    );
  }
}

/** How soon an alert is there, in the log and at a webhook, and what alerting uses for it. */
export async function alertLatencies(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'odograph-bench-alerting-'));
  const hook = await openHook();
  const [rules, receivers] = [join(folder, 'rules.yaml'), join(folder, 'receivers.yaml')];
  await writeFile(rules, RULES);
  await writeFile(receivers, receiversOf(hook.port));
  const env = {
    ...{ ODO_ALERTING_RULES_FILE: rules, ODO_ALERTING_RECEIVERS_FILE: receivers },
    ODO_BENCH_SECRET: `whsec_${Buffer.alloc(32, 'bench').toString('base64')}`,
  };
  try {
    const measures: Measure[] = [];
    for (const load of loadsOf(plan)) {
      const work = (platform: BenchPlatform) => probeUnderLoad(platform, hook, load);
      const own = await withPlatform(1, work, 0, { alertings: 1, env });
      for (const each of own.filter(({ name }) => !name.includes('p50')))
        progress(each.name, each.value, each.unit);
      measures.push(...own);
    }
    return measures;
  } finally {
    hook.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const receiversOf = (port: number): string => `- name: hook
  group_wait: 0s
  webhook:
    url: http://127.0.0.1:${port}/
    allow_http: true
    allow_networks: [127.0.0.0/8]
    secrets: [{ env: ODO_BENCH_SECRET }]
`;

interface Hook {
  readonly port: number;
  /** Called with the vehicle of each firing. */
  onFiring: (vehicleId: string) => void;
  close(): void;
}

async function openHook(): Promise<Hook> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    response.writeHead(204).end();
    for (const { kind, alert } of JSON.parse(body).data.notices)
      if (kind === 'firing') hook.onFiring(alert.vehicle_id);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hook: Hook = {
    port: (server.address() as AddressInfo).port,
    onFiring: () => undefined,
    close: () => void server.close(),
  };
  return hook;
}

/** Reports beside the probes. */
interface ProbeLoad extends DriveTime {
  readonly name: string;
  readonly vehicles: number;
  readonly reportsPerSecond: number;
}

const loadsOf = ({ paced: { warmUpMs, measureMs } }: BenchPlan): readonly ProbeLoad[] => [
  { name: 'at 5,000/s', vehicles: VEHICLES, reportsPerSecond: 5_000, warmUpMs, measureMs: 2 * measureMs },
  {
    ...{ name: 'with 10,000 vehicles at 1 Hz', vehicles: 10_000, reportsPerSecond: 10_000 },
    // Every vehicle is stored once in this time.
    ...{ warmUpMs, measureMs: Math.max(2 * measureMs, 36_000) },
  },
];

async function probeUnderLoad(
  platform: BenchPlatform,
  hook: Hook,
  { name, vehicles, reportsPerSecond, warmUpMs, measureMs }: ProbeLoad,
): Promise<readonly Measure[]> {
  const { endpoints, urls, partitions } = platform;
  const mode = { kind: 'paced', reportsPerSecond } as const;
  const drive = await startLoad({
    ...{ kind: 'drive', ...PACED_SHAPE, vehicles, mode, partitions },
    ...{ ingest: endpoints.ingest, history: endpoints.histories[0] ?? '', natsUrl: urls.nats },
    prepared: Math.ceil((reportsPerSecond * (warmUpMs + measureMs)) / 1_000 / PACED_SHAPE.batch),
  });
  const client = createClient({ ingest: endpoints.ingest, history: endpoints.histories[0] });
  try {
    await drive.resize(driveWorkers(mode, PACED_SHAPE.connections));
    await pause(warmUpMs);
    const usage = sampleUsage(platform.pids());
    const times = await probe(client, hook, measureMs - 2_000);
    const { cpuShare = 0, peakRssMib = 0 } = usage.stop().processes['alerting-1'] ?? {};
    return [
      ...times.committed.measures(`acknowledged → alert committed, ${name}`),
      ...times.received.measures(`acknowledged → webhook received, ${name}`),
      measureOf({ name: `CPU of alerting, ${name}`, unit: 'cores', better: 'lower' }, [cpuShare]),
      measureOf({ name: `peak memory of alerting, ${name}`, unit: 'MiB', better: 'lower' }, [peakRssMib]),
    ];
  } finally {
    await drive.stop();
    client.close();
  }
}

/** From the acknowledgement of a report to its alert in the log, and at the webhook. */
async function probe(
  client: Client,
  hook: Hook,
  forMs: number,
): Promise<{ committed: Times; received: Times }> {
  const [committed, received] = [new Times(), new Times()];
  const waiting = new Map<string, { atMs: number; readonly fired: () => void }>();
  const ending = new AbortController();
  hook.onFiring = (vehicleId) => {
    const probed = waiting.get(vehicleId);
    if (!probed) return;
    received.add(performance.now() - probed.atMs);
    probed.fired();
  };
  const following = follow(client, ending.signal, (vehicleId) => {
    const probed = waiting.get(vehicleId);
    if (probed) committed.add(performance.now() - probed.atMs);
  });
  const endAtMs = performance.now() + forMs;
  const probes = Array.from({ length: PROBES }, async (_, at) => {
    const vehicleId = `probe-${at}`;
    for (let count = 0; performance.now() < endAtMs; count += 1) {
      await report(client, vehicleId, `${count}-up`, 200);
      const { promise, resolve: fired } = Promise.withResolvers<void>();
      waiting.set(vehicleId, { atMs: performance.now(), fired });
      await Promise.race([promise, pause(5_000)]);
      waiting.delete(vehicleId);
      await report(client, vehicleId, `${count}-down`, 10);
      await pause(PROBE_PAUSE_MS);
    }
  });
  await Promise.all(probes);
  ending.abort();
  await following;
  return { committed, received };
}

async function follow(
  client: Client,
  signal: AbortSignal,
  onFired: (vehicleId: string) => void,
): Promise<void> {
  for await (const { event } of client.events({ types: ['AlertFired'], from: 'now', signal }))
    onFired(event.subject.slice('alert/'.length));
}

async function report(client: Client, vehicleId: string, reportId: string, speedKmh: number): Promise<void> {
  const samples = [{ observedAtMs: Date.now(), signals: { speedKmh } }];
  await client.report([{ vehicleId, reportId, samples }]);
}

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Client, createClient } from '@odograph/client';
import { Channel, callServerStream } from '@odograph/client/call';
import { AlertRulesService } from '@odograph/client/generated/odograph/alerting/v1/alert_rules';
import { pause } from '@odograph/kernel/clock';
import { createFleet } from '@odograph/sources/fleet/fleet';
import { driveWorkers } from '../load/drive.ts';
import { startLoad } from '../load/load-process.ts';
import type { EvaluationOptions, EvaluationResults } from '../paths/evaluation.ts';
import { outputOf } from '../reference/child.ts';
import { measureOf, withRatio } from '../report/measure.ts';
import type { Measure } from '../report/run-record.ts';
import type { Progress } from './flat-out.ts';
import { PACED_SHAPE } from './latency.ts';
import { type BenchPlan, SEED } from './plan.ts';
import { type BenchPlatform, withPlatform } from './platform.ts';
import { sendAll } from './send-all.ts';

const EVALUATION: EvaluationOptions = { vehicles: 2_000, samples: 100 };
const REPORTS_PER_SECOND = 5_000;
/** Each reports a value above the limit, waits for its alert, and reports one below. */
const PROBES = 20;
const PROBE_PAUSE_MS = 200;
const BACKTEST_REPORTS = 200_000;

const RULES = `rule: probe
scope: { tags: [], fleets: [], vehicles: [${Array.from({ length: PROBES }, (_, at) => `probe-${at}`).join(', ')}] }
when: speed_kmh > 150
lateness: 0s
flapping: { alerts: 100, within: 1s }
---
${Array.from({ length: 19 }, (_, at) => `rule: r${at}\nwhen: speed_kmh > ${131 + at}\n`).join('---\n')}`;

/** How fast rules are evaluated beside their bare expressions, how soon an alert is there, and what a backtest takes. */
export async function alertingMeasures(
  plan: BenchPlan,
  raw: Measure | undefined,
  progress: Progress,
): Promise<readonly Measure[]> {
  return [
    ...(await evaluationMeasures(plan, progress)),
    ...(await alertLatencies(plan, progress)),
    ...(await backtestMeasures(raw, progress)),
  ];
}

async function evaluationMeasures(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
  const script = resolve(import.meta.dirname, '../../scripts/evaluation.ts');
  const turns: EvaluationResults[] = [];
  for (let turn = 0; turn < plan.repeats; turn += 1)
    turns.push(JSON.parse(await outputOf(script, EVALUATION, [], ['--expose-gc'])));
  const of = (name: string, unit: string, pick: (turn: EvaluationResults) => number) =>
    measureOf({ name, unit, better: 'higher' }, turns.map(pick));
  const bare = of('CEL, compiled expressions alone', 'evaluations/s', (turn) => turn.bare);
  const plain = of('alerting, without lateness', 'evaluations/s', (turn) => turn.withoutLateness);
  const late = of('alerting, with 5 s of lateness', 'evaluations/s', (turn) => turn.withLateness);
  progress(late.name, late.value, late.unit);
  const memory = measureOf(
    { name: 'alerting, memory of 1,000 states', unit: 'bytes', better: 'lower' },
    turns.map((turn) => turn.bytesPerThousand),
  );
  return [bare, withRatio(plain, bare), withRatio(late, bare), memory];
}

/** Times of one way, in milliseconds. */
class Times {
  readonly #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }

  measures(name: string): readonly Measure[] {
    const sorted = this.#values.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return [0.5, 0.95, 0.99].map((share) =>
      measureOf({ name: `${name}, p${share * 100}`, unit: 'ms', better: 'lower' }, [at(share)]),
    );
  }
}

async function alertLatencies(plan: BenchPlan, progress: Progress): Promise<readonly Measure[]> {
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
    const work = (platform: BenchPlatform) => probeUnderLoad(platform, hook, plan);
    const measures = await withPlatform(1, work, 0, { alertings: 1, env });
    for (const each of measures.filter(({ name }) => !name.endsWith('p50')))
      progress(each.name, each.value, each.unit);
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

async function probeUnderLoad(
  platform: BenchPlatform,
  hook: Hook,
  { paced }: BenchPlan,
): Promise<readonly Measure[]> {
  const { endpoints, urls, partitions } = platform;
  const mode = { kind: 'paced', reportsPerSecond: REPORTS_PER_SECOND } as const;
  const seconds = (paced.warmUpMs + 2 * paced.measureMs) / 1_000;
  const drive = await startLoad({
    ...{ kind: 'drive', ...PACED_SHAPE, mode, partitions },
    ...{ ingest: endpoints.ingest, history: endpoints.histories[0] ?? '', natsUrl: urls.nats },
    prepared: Math.ceil((REPORTS_PER_SECOND * seconds) / PACED_SHAPE.batch),
  });
  const client = createClient({ ingest: endpoints.ingest, history: endpoints.histories[0] });
  try {
    await drive.resize(driveWorkers(mode, PACED_SHAPE.connections));
    await pause(paced.warmUpMs);
    return await probe(client, hook, 2 * paced.measureMs - 2_000);
  } finally {
    await drive.stop();
    client.close();
  }
}

/** From the acknowledgement of a report to its alert in the log, and at the webhook. */
async function probe(client: Client, hook: Hook, forMs: number): Promise<readonly Measure[]> {
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
  return [
    ...committed.measures('acknowledged → alert committed'),
    ...received.measures('acknowledged → webhook received'),
  ];
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

async function backtestMeasures(raw: Measure | undefined, progress: Progress): Promise<readonly Measure[]> {
  const rate = await withPlatform(1, backtestRate, 0, { alertings: 1 });
  progress('backtest', rate, 'events/s');
  const measure = measureOf({ name: 'backtest', unit: 'events/s', better: 'higher' }, [rate]);
  return [raw ? withRatio(measure, raw) : measure];
}

async function backtestRate(platform: BenchPlatform): Promise<number> {
  const fleet = createFleet({ movement: 'steps', vehicles: 2_000, samplesPerReport: 1, seed: SEED });
  const bytes = Array.from({ length: BACKTEST_REPORTS }, (_, at) => fleet.next(at % 2_000).bytes);
  await sendAll(platform, bytes);
  const channel = new Channel(platform.endpoints.alertings[0] ?? '');
  const document = 'rule: fast\nwhen: speed_kmh > 120\nlateness: 0s\n';
  const request = { document, otherDocument: '', fromMs: 1, toMs: Date.now() + 60_000, maxEvents: 0 };
  try {
    let rate = 0;
    // The second time the code is compiled.
    for (let turn = 0; turn < 2; turn += 1)
      for await (const { events, result } of callServerStream(channel, AlertRulesService.backtest, request))
        if (result) rate = (events / result.tookMs) * 1_000;
    return rate;
  } finally {
    channel.close();
  }
}

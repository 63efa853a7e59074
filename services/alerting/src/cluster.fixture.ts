import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@odograph/client';
import { Channel, callServerStream, callUnary, type Method } from '@odograph/client/call';
import type { Report } from '@odograph/client/wire';
import { type ClusterOptions, startCluster } from '@odograph/cluster/cluster';
import {
  AlertRulesService,
  type BacktestResult,
} from '@odograph/contracts/generated/odograph/alerting/v1/alert_rules';
import { type Alert, AlertsService } from '@odograph/contracts/generated/odograph/alerting/v1/alerts';
import { signalsToWire } from '@odograph/contracts/signals';
import type { Position } from '@odograph/kernel/position';
import type { Signals } from '@odograph/kernel/signal';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { Webhook } from 'standardwebhooks';

/** A platform that evaluates rules, and what a test asks of it. */
export async function startAlerting(options: Partial<ClusterOptions> = {}) {
  const dataDir = await makeRunDir();
  const cluster = await startCluster({ dataDir, alertings: 1, partitions: 2, ...options });
  const { endpoints } = cluster;
  const client = createClient({ ingest: endpoints.ingest, history: endpoints.histories[0] });
  const channels = endpoints.alertings.map((endpoint) => new Channel(endpoint));
  let count = 0;

  /** Calls a method of alerting. */
  function call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    at = 0,
  ): Promise<Response> {
    return callUnary(channels[at] as Channel, method, request, { deadlineMs: 20_000 });
  }

  /** Reports some signals of a vehicle, and gives the position. */
  async function report(vehicleId: string, observedAtMs: number, signals: Signals): Promise<Position> {
    count += 1;
    const sample = { observedAtMs, signals: signalsToWire(signals) };
    const one = { vehicleId, reportId: `r${count}`, samples: [sample] } as Report;
    const [result] = await client.report([one]);
    if (!result?.position) throw new Error(`not acknowledged: ${JSON.stringify(result)}`);
    return result.position;
  }

  async function createRule(document: string): Promise<Position> {
    count += 1;
    const request = { decisionId: `d${count}`, document, by: 'ada', note: '' };
    const { position } = await call(AlertRulesService.create, request);
    if (!position) throw new Error('the rule has no position');
    return position;
  }

  async function alerts(at = 0): Promise<readonly Alert[]> {
    const request = { filter: undefined, pageSize: 1_000, pageToken: '', atLeast: [] };
    return (await call(AlertsService.list, request, at)).alerts;
  }

  /** The events of alerts that the log has, by vehicle, in order. */
  async function logged(): Promise<Readonly<Record<string, readonly string[]>>> {
    const found: Record<string, string[]> = {};
    for await (const { event } of client.readLog())
      if (event.subject.startsWith('alert/')) {
        const own = found[event.subject.slice('alert/'.length)] ?? [];
        found[event.subject.slice('alert/'.length)] = own;
        own.push(event.type);
      }
    return found;
  }

  /** What a rule would have done in the last hour. */
  async function backtest(
    document: string,
    otherDocument = '',
    maxEvents = 0,
  ): Promise<BacktestResult | undefined> {
    const nowMs = Date.now();
    const request = {
      document,
      otherDocument,
      fromMs: nowMs - 3_600_000,
      toMs: nowMs + 60_000,
      maxEvents,
      withStateHashes: true,
    };
    let result: BacktestResult | undefined;
    for await (const answer of callServerStream(channels[0] as Channel, AlertRulesService.backtest, request))
      result = answer.result;
    return result;
  }

  async function stop(): Promise<void> {
    for (const channel of channels) channel.close();
    client.close();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }

  return { cluster, client, dataDir, call, report, createRule, alerts, logged, backtest, stop };
}

interface HookNotice {
  readonly key: string;
  readonly kind: string;
  readonly alert: { readonly vehicle_id: string };
}

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes !!!').toString('base64')}`;

/** A receiver that takes each message once, as the id says, and counts those that are not signed. */
export async function startHook() {
  const folder = await makeRunDir();
  const seen = new Map<string, readonly HookNotice[]>();
  let unsigned = 0;
  let isGone = false;
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    try {
      new Webhook(SECRET).verify(body, request.headers as Record<string, string>);
    } catch {
      // The test expects none.
      unsigned += 1;
    }
    if (isGone) {
      response.writeHead(410).end();
      return;
    }
    const id = String(request.headers['webhook-id']);
    if (!seen.has(id)) seen.set(id, JSON.parse(body).data.notices);
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(folder, 'receivers.yaml');
  writeFileSync(
    file,
    `- name: hook
  group_wait: 0s
  webhook:
    url: http://127.0.0.1:${port}/alerts
    allow_http: true
    allow_networks: [127.0.0.0/8]
    secrets: [{ env: ODO_TEST_HOOK_SECRET }]
`,
  );
  return {
    env: { ODO_ALERTING_RECEIVERS_FILE: file, ODO_TEST_HOOK_SECRET: SECRET },
    notices: () => [...seen.values()].flat(),
    unsigned: () => unsigned,
    /** Whether it wants no more messages. */
    setGone(gone: boolean): void {
      isGone = gone;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

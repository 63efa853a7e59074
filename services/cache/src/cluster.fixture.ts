import { rm } from 'node:fs/promises';
import { type Client, createClient } from '@odograph/client';
import { Channel, callUnary } from '@odograph/client/call';
import type { Report } from '@odograph/client/wire';
import { type Cluster, startCluster } from '@odograph/cluster/cluster';
import {
  HealthCheckResponse_ServingStatus,
  HealthService,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import type { WatchResponse } from '@odograph/contracts/generated/odograph/cache/v1/vehicle_status';
import { signalsToWire } from '@odograph/contracts/signals';
import { isFault } from '@odograph/kernel/fault';
import type { Position } from '@odograph/kernel/position';
import type { Signals } from '@odograph/kernel/signal';
import { makeRunDir } from '@odograph/testing/engines-setup';
import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished } from 'vitest';

export const NOON_MS = Date.parse('2026-05-01T12:00:00Z');

/** A platform with some caches, and a client of each; all of them send to the same ingest and history. */
export async function startCaches(caches: number, env: NodeJS.ProcessEnv = {}) {
  const dataDir = await makeRunDir();
  const cluster: Cluster = await startCluster({ dataDir, caches, partitions: 2, env });
  const { endpoints } = cluster;
  const clients = endpoints.caches.map((cache) =>
    createClient({ ingest: endpoints.ingest, history: endpoints.histories[0], cache }),
  ) as [Client, ...Client[]];
  let reports = 0;

  /** Reports some signals of a vehicle, each time a millisecond later, and gives the position. */
  async function report(
    vehicleId: string,
    signals: Signals,
    observedAtMs = NOON_MS + reports,
  ): Promise<Position> {
    reports += 1;
    const sample = { observedAtMs, signals: signalsToWire(signals) };
    const one = { vehicleId, reportId: `r${reports}`, samples: [sample] } as Report;
    const [result] = await clients[0].report([one]);
    if (!result?.position) throw new Error(`not acknowledged: ${JSON.stringify(result)}`);
    return result.position;
  }

  /** Waits until a cache knows all vehicles, and what the log has had before its start. */
  async function untilReady(cache = 0): Promise<void> {
    const channel = new Channel(endpoints.caches[cache] ?? '');
    const service = 'odograph.cache.v1.CachedHistory';
    try {
      await eventually(async () => {
        const { status } = await callUnary(channel, HealthService.check, { service });
        expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
      });
    } finally {
      channel.close();
    }
  }

  async function stop(): Promise<void> {
    for (const client of clients) client.close();
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  }

  return { cluster, clients, dataDir, report, untilReady, stop };
}

/** What a watch gives, until the test ends or the client is closed. */
export function watch(client: Client, options: Parameters<Client['watchStatuses']>[0] = {}) {
  const ending = new AbortController();
  const messages: WatchResponse[] = [];
  const read = async () => {
    for await (const message of client.watchStatuses({ ...options, signal: ending.signal }))
      messages.push(message);
  };
  const reading = read().catch((error: unknown) => {
    if (!isFault(error, 'CANCELLED')) throw error;
  });
  onTestFinished(async () => {
    ending.abort();
    await reading;
  });
  /** The speed of each vehicle that the watch has now. */
  const speeds = () => {
    const now = new Map<string, number | undefined>();
    for (const { statuses, leftVehicleIds, beginsAgain } of messages) {
      if (beginsAgain) now.clear();
      for (const { status } of statuses) now.set(status?.vehicleId ?? '', status?.signals?.speedKmh);
      for (const vehicleId of leftVehicleIds) now.delete(vehicleId);
    }
    return Object.fromEntries([...now].sort());
  };
  const isComplete = () =>
    eventually(() => expect(messages.some((message) => message.isComplete)).toBe(true));
  return { messages, speeds, isComplete };
}

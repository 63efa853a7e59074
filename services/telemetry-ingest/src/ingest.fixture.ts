import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DiscardPolicy, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { createClient } from '@odograph/client';
import { Channel, callUnary } from '@odograph/client/call';
import {
  HealthCheckResponse_ServingStatus,
  HealthService,
} from '@odograph/contracts/generated/grpc/health/v1/health';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import { TelemetryIngestService } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { decodeEnvelope } from '@odograph/event-log/envelope';
import { PARTITION_COUNT_KEY, streamName, streamSubject } from '@odograph/event-log/nats-subjects';
import { unpackEnvelope } from '@odograph/event-log/packed-envelope';
import { isReadyMessage, refusalOf } from '@odograph/platform/app/start-message';
import { readConfig } from '@odograph/platform/config/config';
import { silentLogger } from '@odograph/platform/logger';
import { natsOptions } from '@odograph/platform/nats-options';
import type { TestEngine } from '@odograph/testing/engines';
import { ingestApp } from './app.ts';
import { settings } from './config.ts';

type Environment = Readonly<Record<string, string>>;

/** Creates the streams of a log, like the first start of history. */
export async function createStreams(
  nats: TestEngine,
  { partitions = 2, maxBytes = 256 * 1024 * 1024 } = {},
): Promise<void> {
  const connection = await connect(natsOptions(nats));
  const manager = await jetstreamManager(connection);
  for (let partition = 0; partition < partitions; partition += 1) {
    await manager.streams.add({
      name: streamName(partition),
      subjects: [streamSubject(partition)],
      discard: DiscardPolicy.New,
      max_bytes: maxBytes,
      metadata: { [PARTITION_COUNT_KEY]: String(partitions) },
    });
  }
  await connection.close();
}

/** Every event in the streams of a log, by its position as `partition/sequence/index`. */
export async function readStreams(nats: TestEngine, partitions = 2): Promise<ReadonlyMap<string, Event>> {
  const connection = await connect(natsOptions(nats));
  const manager = await jetstreamManager(connection);
  const events = new Map<string, Event>();
  for (let partition = 0; partition < partitions; partition += 1) {
    const { state } = await manager.streams.info(streamName(partition));
    for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq += 1) {
      const message = await manager.streams.getMessage(streamName(partition), { seq });
      const stored = message
        ? [...decodeEnvelope(unpackEnvelope(message.data))].map(({ event }) => event)
        : [];
      for (const [index, event] of stored.entries()) events.set(`${partition}/${seq}/${index}`, event);
    }
  }
  await connection.close();
  return events;
}

/** The service in this process, on real NATS. */
export async function startIngest(nats: TestEngine, env: Environment = {}) {
  const config = readConfig(settings, { ODO_NATS_URL: nats.url, ...env });
  const app = ingestApp(config, silentLogger).build();
  const { grpc, metrics, publisher } = await app.start();
  const client = createClient({ ingest: `127.0.0.1:${grpc.port}`, maxAttempts: 1 });
  const channel = new Channel(`127.0.0.1:${grpc.port}`);
  const statusOf = async (service: string) => {
    const { status } = await callUnary(channel, HealthService.check, { service });
    return status === HealthCheckResponse_ServingStatus.SERVING ? 'SERVING' : 'NOT_SERVING';
  };
  return {
    client,
    publisher,
    describe: () => callUnary(channel, TelemetryIngestService.describe, {}),
    /** Of the process, and of its service. */
    health: () => Promise.all(['', 'odograph.telemetry.v1.TelemetryIngest'].map(statusOf)),
    metricsUrl: `http://127.0.0.1:${metrics.port}/metrics`,
    async [Symbol.asyncDispose]() {
      client.close();
      channel.close();
      await app.stop(2_000);
    },
  };
}

/** The service as a separate process that a test can kill. */
export async function spawnIngest(nats: TestEngine, env: Environment = {}) {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ODO_NATS_URL: nats.url, ODO_LOG_LEVEL: 'silent', ...env },
    // The channel ends with this process, and the child ends with the channel.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const { grpc } = await untilReady(child);
  const client = createClient({ ingest: grpc, maxAttempts: 1 });
  return {
    client,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves with the exit code when the process has ended. */
    async exited(): Promise<number | null> {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

async function untilReady(child: ChildProcess): Promise<{ readonly grpc: string }> {
  const ready = once(child, 'message');
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended with ${code} before it was ready`);
  });
  const [message] = await Promise.race([ready, exit]);
  if (isReadyMessage(message)) return message.endpoints;
  throw refusalOf(message) ?? new Error(`unexpected message: ${JSON.stringify(message)}`);
}

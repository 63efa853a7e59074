import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import {
  type DescribeRequest,
  type DescribeResponse,
  EventLogService,
  type LoggedEvent,
  type ReadRequest,
  type ReadResponse,
  type SubscribeRequest,
  type SubscribeResponse,
} from './generated/odograph/history/v1/event_log.ts';
import { Event, PartitionState } from './generated/odograph/telemetry/v1/event.ts';
import type { Position } from './generated/odograph/telemetry/v1/position.ts';
import { type Refusal, serviceError, startServer, type TestServer } from './server.fixture.ts';

/** What a scripted log does on one subscription, after the one before. `kill` breaks all connections. */
export type Turn = { readonly messages: number; readonly end: Refusal | 'kill' | 'end' | 'stay' };

export interface LogScript {
  readonly port?: number;
  /** By subscription; the last is for all that follow. Default: send everything and stay. */
  readonly turns?: readonly Turn[];
  /** Sent in place of every message. */
  readonly raw?: SubscribeResponse | Buffer;
  /** Refuses the first calls of `Describe`. */
  readonly describeRefusals?: readonly Refusal[];
}

export interface ScriptedLog extends TestServer {
  readonly reads: ReadRequest[];
  readonly subscriptions: SubscribeRequest[];
  readonly describes: DescribeRequest[];
}

/** Envelopes in each of two partitions, with two events each; every fifth is a tick. */
export const ENVELOPES = 40;

export function eventsOf(partition: number, sequence: number): LoggedEvent[] {
  const type = sequence % 5 === 0 ? 'TimeTicked' : 'TelemetryReported';
  return [0, 1].map((index) => ({
    position: { partition, sequence, index },
    event: Event.create({ type, subject: `vehicle-${index}`, reportId: `${partition}/${sequence}/${index}` }),
  }));
}

/** The messages behind some positions, partitions in turn. */
function messagesAfter(after: readonly Position[], partitions: readonly number[]): SubscribeResponse[] {
  const messages: SubscribeResponse[] = [];
  for (let sequence = 1; sequence <= ENVELOPES; sequence += 1) {
    for (const partition of partitions.length > 0 ? partitions : [0, 1]) {
      const reached = after.find((position) => position.partition === partition)?.sequence ?? 0;
      if (sequence <= reached) continue;
      messages.push({ events: eventsOf(partition, sequence), position: { partition, sequence } });
    }
  }
  return messages;
}

/** An EventLog with a fixed content that ends subscriptions as a script says. */
export async function startLog(script: LogScript = {}): Promise<ScriptedLog> {
  const asked = {
    reads: [] as ReadRequest[],
    subscriptions: [] as SubscribeRequest[],
    describes: [] as DescribeRequest[],
  };
  const { turns = [{ messages: Number.POSITIVE_INFINITY, end: 'stay' }] } = script;
  const handlers = {
    describe(
      call: ServerUnaryCall<DescribeRequest, DescribeResponse>,
      callback: sendUnaryData<DescribeResponse>,
    ) {
      const refusal = script.describeRefusals?.[asked.describes.length];
      asked.describes.push(call.request);
      if (refusal) callback(serviceError(refusal));
      else callback(null, { partitions: [0, 1, 2].map(partitionInfo), nowMs: Date.now() });
    },
    read(call: ServerWritableStream<ReadRequest, ReadResponse>) {
      asked.reads.push(call.request);
      for (const { events } of messagesAfter(call.request.after, call.request.partitions))
        call.write({ events });
      call.end();
    },
    subscribe(call: ServerWritableStream<SubscribeRequest, SubscribeResponse | Buffer>) {
      const { messages, end } = turns[asked.subscriptions.length] ?? (turns.at(-1) as Turn);
      asked.subscriptions.push(call.request);
      const all = messagesAfter(call.request.after, call.request.partitions);
      for (const message of all.slice(0, messages)) call.write(script.raw ?? message);
      if (end === 'end') call.end();
      else if (end === 'kill') setImmediate(() => server.kill());
      else if (end !== 'stay') call.emit('error', serviceError(end));
    },
  };
  const server = await startServer([[EventLogService, handlers]], script.port);
  return Object.assign(asked, server);
}

/** Partition 2 has no events. */
function partitionInfo(partition: number) {
  const watermark = { partition, sequence: partition === 2 ? 0 : ENVELOPES };
  const trouble = { lastError: '', lastErrorAtMs: 0, failingSinceMs: 0 };
  return {
    ...{ watermark, checkpoint: watermark, views: watermark },
    ...{ state: PartitionState.RUNNING, reason: '', owner: 'me' },
    ...trouble,
  };
}

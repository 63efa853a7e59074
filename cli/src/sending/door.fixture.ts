import { descriptorSet } from '@odograph/contracts/descriptors';
import type { Status } from '@odograph/contracts/generated/google/rpc/status';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import {
  type BatchResult,
  type ConnectResponse,
  ReportOutcome,
  type ReportResult,
  TelemetryIngestService,
} from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { bidi, type GrpcService, grpcService, unary } from '@odograph/platform/grpc/handler';
import { createGrpcServer } from '@odograph/platform/grpc/server';
import { silentLogger } from '@odograph/platform/logger';

/** What a scripted door does with a batch: answers it, refuses it whole, cuts the connection, or says nothing. */
export type Answer =
  | { readonly results: readonly ReportResult[] }
  | { readonly refused: Status }
  | { readonly cut: Fault }
  | 'silence';

export interface DoorScript {
  /** A free one unless given. */
  readonly port?: number;
  readonly windowBatches?: number;
  readonly maxReports?: number;
  readonly maxBytes?: number;
  /** Batches that share an acknowledgement, unless they come too slowly. */
  readonly ackEvery?: number;
  /** `number` counts the batches of all connections, from 1. */
  readonly answer?: (reports: readonly VehicleReport[], number: number) => Answer;
}

export interface ScriptedDoor {
  readonly endpoint: string;
  /** The reports of every batch that came, in order. */
  readonly batches: readonly (readonly VehicleReport[])[];
  connections: number;
  stop(): Promise<void>;
}

const COALESCE_MS = 20;

/** A door that speaks the contract over a real connection and does what a script says; it accepts all unless told otherwise. */
export async function startDoor(
  script: DoorScript = {},
  others: readonly GrpcService[] = [],
): Promise<ScriptedDoor> {
  const batches: (readonly VehicleReport[])[] = [];
  const { answer = acceptAll, ackEvery = 1 } = script;
  const limits = {
    windowBatches: script.windowBatches ?? 4,
    maxReports: script.maxReports ?? 5_000,
    maxBytes: script.maxBytes ?? 1_000_000,
  };
  const service = grpcService(TelemetryIngestService, {
    report: unary(async () => {
      throw new Fault('INTERNAL', 'not scripted');
    }),
    connect: bidi(async (requests, send) => {
      door.connections += 1;
      await send({ message: { $case: 'limits', value: limits } });
      const acknowledger = createAcknowledger(send, ackEvery);
      try {
        for await (const { batch } of requests) {
          if (!batch) throw new Fault('INVALID_INPUT', 'no batch');
          batches.push(batch.reports);
          const answered = answer(batch.reports, batches.length);
          if (answered === 'silence') continue;
          if ('cut' in answered) throw answered.cut;
          await acknowledger.add({
            number: batch.number,
            results: [],
            refused: undefined,
            ...mutable(answered),
          });
        }
        await acknowledger.flush();
      } finally {
        acknowledger.stop();
      }
    }),
  });
  const server = await createGrpcServer({
    services: [service, ...others],
    descriptorSet,
    logger: silentLogger,
    port: script.port ?? 0,
  });
  server.setServing(true);
  const door: ScriptedDoor = {
    endpoint: `127.0.0.1:${server.port}`,
    batches,
    connections: 0,
    stop: () => server.stop(100),
  };
  return door;
}

/** Gathers results into acknowledgements. */
function createAcknowledger(send: (response: ConnectResponse) => Promise<void>, ackEvery: number) {
  const done: BatchResult[] = [];
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const flush = async () => {
    stop();
    const batches = done.splice(0);
    const through = batches.at(-1)?.number;
    if (through !== undefined) await send({ message: { $case: 'ack', value: { through, batches } } });
  };
  const add = async (result: BatchResult) => {
    done.push(result);
    if (done.length >= ackEvery) await flush();
    else timer ??= setTimeout(() => void flush(), COALESCE_MS);
  };
  return { add, flush, stop };
}

/** A result for each report, its place counted up in partition 0. */
export function acceptAll(reports: readonly VehicleReport[], number: number): Answer {
  return { results: reports.map((_, index) => outcome(ReportOutcome.ACCEPTED, number, index)) };
}

export function outcome(of: ReportOutcome, sequence = 1, index = 0): ReportResult {
  return { outcome: of, position: { partition: 0, sequence, index }, findings: [], retryAfterMs: undefined };
}

function mutable(answered: { results: readonly ReportResult[] } | { refused: Status }): Partial<BatchResult> {
  return 'results' in answered ? { results: [...answered.results] } : answered;
}

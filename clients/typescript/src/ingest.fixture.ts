import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { VehicleReport } from './generated/odograph/telemetry/v1/report.ts';
import {
  type BatchResult,
  type ConnectRequest,
  type ConnectResponse,
  type DescribeRequest,
  type DescribeResponse,
  ReportOutcome,
  type ReportRequest,
  type ReportResponse,
  type ReportResult,
  TelemetryIngestService,
} from './generated/odograph/telemetry/v1/telemetry_ingest.ts';
import {
  type Refusal,
  rpcStatus,
  serviceError,
  startServer,
  type TestServer,
  type TestService,
} from './server.fixture.ts';
import type { Report } from './wire.ts';

/** What a scripted server does with a batch; `silence` gives no answer, `raw` is sent as it is. */
export type Answer =
  | { readonly results: readonly ReportResult[] }
  | { readonly refused: Refusal }
  | { readonly cut: Refusal }
  | { readonly raw: ConnectResponse | Buffer }
  | 'silence'
  | 'kill';

export interface IngestScript {
  /** Default: a free one. */
  readonly port?: number;
  readonly windowBatches?: number;
  readonly maxReports?: number;
  readonly maxBytes?: number;
  /** How many batches share an acknowledgement, unless they come too slowly. */
  readonly ackEvery?: number;
  /** In place of the limits. */
  readonly hello?: ConnectResponse | Buffer | 'nothing' | 'end';
  /** What it says of itself. Default: that it refuses nothing. */
  readonly description?: Partial<DescribeResponse>;
  /** `number` counts the batches of all connections and calls, from 1. Default: accept everything. */
  readonly answer?: (reports: readonly VehicleReport[], number: number) => Answer;
}

export interface ScriptedIngest extends TestServer {
  /** The reports of every batch that came, in order. */
  readonly batches: (readonly VehicleReport[])[];
  connections: number;
  /** `traceparent` of every call. */
  readonly traceparents: unknown[];
}

const COALESCE_MS = 20;

type ConnectCall = ServerDuplexStream<ConnectRequest, ConnectResponse | Buffer>;

/** A TelemetryIngest that speaks the contract and does what a script says. */
export async function startScriptedIngest(
  script: IngestScript = {},
  others: readonly TestService[] = [],
): Promise<ScriptedIngest> {
  const ingest = {
    batches: [] as (readonly VehicleReport[])[],
    connections: 0,
    traceparents: [] as unknown[],
  };
  const answerTo = (reports: readonly VehicleReport[]): Answer => {
    ingest.batches.push(reports);
    return (script.answer ?? acceptAll)(reports, ingest.batches.length);
  };
  const handlers = {
    report(
      call: ServerUnaryCall<ReportRequest, ReportResponse>,
      callback: sendUnaryData<ReportResponse | Buffer>,
    ) {
      ingest.traceparents.push(...call.metadata.get('traceparent'));
      const answer = answerTo(call.request.reports);
      if (answer === 'kill') server.kill();
      else if (typeof answer === 'string') return;
      else if ('results' in answer) callback(null, { results: [...answer.results] });
      else if ('raw' in answer) callback(null, answer.raw as Buffer);
      else callback(serviceError('cut' in answer ? answer.cut : answer.refused));
    },
    describe(
      _: ServerUnaryCall<DescribeRequest, DescribeResponse>,
      callback: sendUnaryData<DescribeResponse>,
    ) {
      const { length } = ingest.batches.flat();
      const description = { partitions: [], refusal: undefined, reportsTaken: length, nowMs: Date.now() };
      callback(null, { ...description, ...script.description });
    },
    connect(call: ConnectCall) {
      ingest.connections += 1;
      ingest.traceparents.push(...call.metadata.get('traceparent'));
      runConnection(call, script, answerTo, () => server.kill());
    },
  };
  const server = await startServer([[TelemetryIngestService, handlers], ...others], script.port);
  return Object.assign(ingest, server);
}

function runConnection(
  call: ConnectCall,
  script: IngestScript,
  answerTo: (reports: readonly VehicleReport[]) => Answer,
  kill: () => void,
): void {
  const { windowBatches = 4, maxReports = 5_000, maxBytes = 1_000_000, ackEvery = 1, hello } = script;
  const acks = createAcknowledger(call, ackEvery);
  call.on('error', acks.stop);
  if (hello === 'end') {
    call.end();
    return;
  }
  if (hello === undefined)
    call.write({ message: { $case: 'limits', value: { windowBatches, maxReports, maxBytes } } });
  else if (hello !== 'nothing') call.write(hello);
  call.on('end', () => {
    acks.flush();
    call.end();
  });
  call.on('data', ({ batch }: ConnectRequest) => {
    const answer = answerTo(batch?.reports ?? []);
    if (answer === 'kill') kill();
    else if (answer === 'silence') return;
    else if ('raw' in answer) call.write(answer.raw);
    else if ('cut' in answer) {
      // Nothing may be written after it.
      call.removeAllListeners('data');
      call.emit('error', serviceError(answer.cut));
    } else if ('refused' in answer) {
      acks.add({ number: batch?.number ?? 0, results: [], refused: rpcStatus(answer.refused) });
    } else {
      acks.add({ number: batch?.number ?? 0, results: [...answer.results] });
    }
  });
}

/** Gathers results into acknowledgements. */
function createAcknowledger(call: ConnectCall, ackEvery: number) {
  const done: BatchResult[] = [];
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const flush = () => {
    stop();
    const batches = done.splice(0);
    const through = batches.at(-1)?.number;
    if (through !== undefined) call.write(ackOf(...batches));
  };
  const add = (result: BatchResult) => {
    done.push(result);
    if (done.length >= ackEvery) flush();
    else timer ??= setTimeout(flush, COALESCE_MS);
  };
  return { add, flush, stop };
}

export function ackOf(...batches: BatchResult[]): ConnectResponse {
  return { message: { $case: 'ack', value: { through: batches.at(-1)?.number ?? 0, batches } } };
}

/** A result for each report, its position counted up in partition 0. */
export function acceptAll(reports: readonly VehicleReport[], number: number): Answer {
  return { results: reports.map((_, index) => outcome(ReportOutcome.ACCEPTED, number, index)) };
}

export function outcome(of: ReportOutcome, sequence = 1, index = 0): ReportResult {
  return { outcome: of, position: { partition: 0, sequence, index }, findings: [] };
}

/** Not stored; the server asks for it again after 1 ms unless given. */
export function notStored(retryAfterMs = 1): ReportResult {
  const findings = [{ field: '', reason: 'UNAVAILABLE', description: 'the log is away' }];
  return { outcome: ReportOutcome.UNAVAILABLE, findings, retryAfterMs };
}

/** A row of a file. */
export interface Row {
  readonly row: number;
  readonly report: Report;
}

export function rowOf(row: number, vehicleId = 'v'): Row {
  const samples = [{ observedAtMs: row * 1_000, signals: { speedKmh: row } }];
  return { row, report: { vehicleId, reportId: `${vehicleId}@${row}`, samples } };
}

export async function* rows(count: number): AsyncGenerator<Row> {
  for (let row = 1; row <= count; row += 1) yield rowOf(row);
}

/** The report ids of `rows(count)`. */
export const idsUpTo = (count: number) => Array.from({ length: count }, (_, at) => `v@${at + 1}`);
export const idsOf = (batches: ScriptedIngest['batches']) => batches.flat().map(({ reportId }) => reportId);

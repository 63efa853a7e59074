import { encodeReport, encodeReportRequest } from '@odograph/client/wire';
import { frameMessage } from '../messages/framing.ts';
import { SOME_TIME_MS } from '../messages/values.ts';
import { type Answer, call } from '../wire/call.ts';
import type { Target } from './input.ts';

export const REPORT_PATH = '/odograph.telemetry.v1.TelemetryIngest/Report';
const DEADLINE_MS = 30_000;

interface ReportShape {
  readonly vehicleId: string;
  readonly reportId: string;
  readonly samples?: number;
  /** The observed time of the first sample, in Unix milliseconds. */
  readonly fromMs?: number;
  /** From one sample to the next, in milliseconds. */
  readonly stepMs?: number;
  /** Signals besides the speed, each with a long text. */
  readonly texts?: number;
}

const LONG_TEXT = 'x'.repeat(200);

export function makeReport(shape: ReportShape): Uint8Array {
  const { vehicleId, reportId, samples = 1, fromMs = SOME_TIME_MS, stepMs = 1_000, texts = 0 } = shape;
  const others = Object.fromEntries(
    Array.from({ length: texts }, (_, at) => [
      `Vehicle.Fuzz.A${at}`,
      { kind: { $case: 'text' as const, value: LONG_TEXT } },
    ]),
  );
  return encodeReport({
    ...{ vehicleId, reportId, vin: undefined },
    samples: Array.from({ length: samples }, (_, at) => ({
      ...{ observedAtMs: fromMs + at * stepMs, clockText: undefined },
      signals: { speedKmh: at % 100, others },
    })),
  });
}

/** Sends reports in one call. */
export async function sendReports({ servers, lag }: Target, reports: readonly Uint8Array[]): Promise<Answer> {
  const bytes = frameMessage(encodeReportRequest(reports));
  return await call(servers.ingest.session(), lag, { path: REPORT_PATH, bytes, deadlineMs: DEADLINE_MS });
}

/** 16 MB of log, in reports of 200 KB each, so that reading has something to read. */
export async function fillLog(target: Target): Promise<void> {
  for (let at = 0; at < 80; at += 4) {
    const large = [0, 1, 2, 3].map((more) =>
      makeReport({
        vehicleId: `large-${(at + more) % 10}`,
        reportId: `large-${at + more}`,
        samples: 15,
        texts: 60,
      }),
    );
    await sendReports(target, large);
  }
}

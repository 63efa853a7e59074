import { contentHash } from '@odograph/contracts/canonical';
import { encodePayload } from '@odograph/contracts/event-catalogue';
import type { Event } from '@odograph/contracts/generated/odograph/telemetry/v1/event';
import type { VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import { acceptReport, type Fact } from '../domain/accept.ts';
import type { Findings } from '../domain/findings.ts';
import type { ReportLimits } from '../domain/report.ts';
import { countBelieved, windowsOf } from '../domain/windows.ts';
import { decodeReport } from './decode-report.ts';
import type { Judged } from './results.ts';

interface JudgedReport {
  /** Final if there are no events, else it holds once they are on disk. */
  readonly judged: Judged;
  /** What goes into the log; empty for a report that is rejected. */
  readonly events: readonly Event[];
  /** The believed samples of the report, and over which windows of time they spread. */
  readonly samples: number;
  readonly windows: readonly number[];
}

interface JudgeContext {
  readonly receivedAtMs: number;
  readonly traceparent: string;
  readonly limits: ReportLimits;
}

/** Decodes one report, judges it, and encodes its events. Never throws, whatever the bytes are. */
export function judgeReport(
  bytes: Uint8Array,
  { receivedAtMs, traceparent, limits }: JudgeContext,
): JudgedReport {
  const decoded = decodeReport(bytes);
  if (!decoded.isDecoded) {
    return rejected({ listed: [decoded.finding], unlisted: 0 });
  }
  const judged = acceptReport(decoded.report, receivedAtMs, limits);
  if (judged.outcome === 'rejected') return rejected(judged.findings);
  const events = toEvents(judged.facts, decoded.wire, traceparent);
  const { facts } = judged;
  return { judged, events, samples: countBelieved(facts), windows: windowsOf(facts) };
}

function rejected(findings: Findings): JudgedReport {
  return { judged: { outcome: 'rejected', findings }, events: [], samples: 0, windows: [] };
}

/**
 * The events of one report. Every part carries the hash of the whole report as it was sent: if it is sent again and judged
 * differently, because its time is no longer in the future, it is still the same content.
 */
function toEvents(facts: readonly Fact[], report: VehicleReport, traceparent: string): readonly Event[] {
  const hash = contentHash(report);
  return facts.map((fact, part) => {
    const { type, version, payload } = encodePayload(fact);
    const { subject, observedAtMs, reportId, receivedAtMs } = fact;
    const head = { type, version, subject, observedAtMs, reportId, part, receivedAtMs };
    return { ...head, contentHash: hash, traceparent, payload };
  });
}

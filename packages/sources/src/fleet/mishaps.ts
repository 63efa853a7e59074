import type { Sample, VehicleReport } from '@odograph/contracts/generated/odograph/telemetry/v1/report';
import type { Random } from '@odograph/kernel/random';
import type { ReportKind } from './fleet-report.ts';
import type { SelectSignals } from './track.ts';

/** The probability of each kind other than plain. */
export type Mishaps = Readonly<Partial<Record<Exclude<ReportKind, 'plain'>, number>>>;

export function drawKind(random: Random, mishaps: Mishaps): ReportKind {
  let left = random.next();
  for (const [kind, probability] of Object.entries(mishaps) as [ReportKind, number][]) {
    if (left < probability) return kind;
    left -= probability;
  }
  return 'plain';
}

const everything: SelectSignals = (readings, location) => ({ ...readings, ...location() });

/** The signals of a sample, by the kind of its report. */
export const SELECT_SIGNALS: Readonly<Record<ReportKind, SelectSignals>> = {
  plain: everything,
  late: everything,
  unreadable: everything,
  // Without a location the content differs from that of every plain report.
  conflicting: (readings) => readings,
  'partly-believable': (...sample) => ({ ...everything(...sample), speed_kmh: 4_000 }),
  unbelievable: (_readings, _location, random) => ({
    latitude_deg: 91,
    longitude_deg: random.between(-180, 180),
  }),
};

/** Changes key and times of a report so that it is of a kind. `before` is the vehicle's last plain report. */
export function applyMishap(
  kind: ReportKind,
  report: VehicleReport,
  before: VehicleReport | undefined,
  startMs: number,
): VehicleReport {
  if (kind === 'late') return { ...report, samples: mirrored(report.samples, startMs) };
  if (kind === 'unbelievable') return { ...report, samples: aheadOf(report.samples) };
  if (kind === 'unreadable') return { ...report, reportId: `${report.reportId} has spaces` };
  if (kind !== 'conflicting' || !before) return report;
  return { ...report, reportId: before.reportId, samples: atTimesOf(before.samples, report.samples) };
}

const YEAR_MS = 365 * 24 * 3_600_000;

/** From a clock that is a year ahead. */
function aheadOf(samples: readonly Sample[]): Sample[] {
  return samples.map((sample) => ({ ...sample, observedAtMs: sample.observedAtMs + YEAR_MS }));
}

/** As long before the start as they were after it, so that each late report has its own time. */
function mirrored(samples: readonly Sample[], startMs: number): Sample[] {
  const shiftMs = 2 * (startMs - (samples[0]?.observedAtMs ?? startMs));
  return samples.map((sample) => ({ ...sample, observedAtMs: sample.observedAtMs + shiftMs }));
}

function atTimesOf(earlier: readonly Sample[], samples: readonly Sample[]): Sample[] {
  return samples.map((sample, at) => ({
    ...sample,
    observedAtMs: earlier[at]?.observedAtMs ?? sample.observedAtMs,
  }));
}

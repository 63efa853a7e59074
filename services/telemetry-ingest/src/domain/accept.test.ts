import type { SignalValue } from '@odograph/kernel/signal';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { acceptReport, type Judgement, type Taken } from './accept.ts';
import { MAX_FINDINGS } from './findings.ts';
import { anyReport, RECEIVED_AT_MS, readableReport } from './report.arbitrary.ts';
import type { IncomingReport, IncomingSample } from './report.ts';

const LIMITS = { maxSamples: 1_000, futureToleranceMs: 300_000 };

const accept = (report: IncomingReport, receivedAtMs = RECEIVED_AT_MS) =>
  acceptReport(report, receivedAtMs, LIMITS);

function taken(judgement: Judgement): Taken {
  if (judgement.outcome === 'rejected') throw new Error(`rejected: ${JSON.stringify(judgement.findings)}`);
  return judgement;
}

const sample = (known: IncomingSample['known'], observedAtMs = RECEIVED_AT_MS - 1_000): IncomingSample => ({
  observedAtMs,
  known,
  others: [],
});

const report = (...samples: readonly IncomingSample[]): IncomingReport => ({
  vehicleId: 'bus-7',
  reportId: 'r-1',
  samples,
});

const head = {
  subject: 'bus-7',
  reportId: 'r-1',
  observedAtMs: RECEIVED_AT_MS - 1_000,
  receivedAtMs: RECEIVED_AT_MS,
};

test('a valid report becomes one event', () => {
  expect(accept(report(sample({ speed_kmh: 50 })))).toEqual({
    outcome: 'accepted',
    facts: [
      {
        type: 'TelemetryReported',
        ...head,
        samples: [{ observedAtMs: RECEIVED_AT_MS - 1_000, signals: { speed_kmh: 50 } }],
      },
    ],
    findings: { listed: [], unlisted: 0 },
  });
});

test('a report that loses one signal is accepted with the rest, and the signal becomes part 1', () => {
  const judgement = taken(
    accept(report(sample({ speed_kmh: 50 }), sample({ odometer_km: -5, speed_kmh: 50 }))),
  );
  expect(judgement.outcome).toBe('accepted');
  expect(judgement.facts.map(({ type }) => type)).toEqual(['TelemetryReported', 'TelemetryQuarantined']);
  expect(judgement.facts[1]).toMatchObject({
    samples: [{ sampleIndex: 1, sample: { signals: { odometer_km: -5 } } }],
  });
  expect(judgement.findings.listed).toMatchObject([
    { field: 'samples[1].signals.odometer_km', reason: 'OUT_OF_RANGE' },
  ]);
});

test('a report is quarantined as one event if nothing of it is believed', () => {
  const judgement = taken(accept(report(sample({ speed_kmh: 50 }, Date.UTC(2090, 0, 1)))));
  expect(judgement.outcome).toBe('quarantined');
  expect(judgement.facts.map(({ type }) => type)).toEqual(['TelemetryQuarantined']);
});

test('a malformed report is rejected with all of its errors', () => {
  const judgement = accept({ vehicleId: 'bus 7', reportId: '', samples: [] });
  expect(judgement.outcome).toBe('rejected');
  expect(judgement.findings.listed.map(({ field }) => field)).toEqual(['vehicle_id', 'report_id', 'samples']);
});

test('a VIN with a wrong check digit is a finding, and is kept', () => {
  const judgement = taken(accept({ ...report(sample({ speed_kmh: 50 })), vin: 'WVWZZZ1JZXW000001' }));
  expect(judgement.outcome).toBe('accepted');
  expect(judgement.facts[0].vin).toBe('WVWZZZ1JZXW000001');
  expect(judgement.findings.listed).toMatchObject([{ field: 'vin', reason: 'VIN_CHECK_DIGIT' }]);
});

test('two samples of one time with other values are a remark, and both are kept', () => {
  const judgement = taken(
    accept(report(sample({ speed_kmh: 50, odometer_km: 9 }), sample({ speed_kmh: 60, odometer_km: 9 }))),
  );
  expect(judgement.outcome).toBe('accepted');
  expect(judgement.facts[0].samples).toHaveLength(2);
  expect(judgement.findings.listed).toEqual([
    {
      field: 'samples',
      reason: 'SAME_TIME',
      description:
        'the samples of 2026-03-01T11:59:59.000Z differ in speed_kmh: views keep the greater value',
    },
  ]);
});

test.each([
  ['equal values', { speed_kmh: 50 }, { speed_kmh: 50 }],
  ['other signals', { speed_kmh: 50 }, { odometer_km: 9 }],
  ['a value that is set aside', { speed_kmh: 50 }, { speed_kmh: 255, odometer_km: 9 }],
])('two samples of one time with %s are not a remark', (_, first, second) => {
  const { findings } = taken(accept(report(sample(first), sample(second))));
  expect(findings.listed.map(({ reason }) => reason)).not.toContain('SAME_TIME');
});

test('each time is one remark, however many samples have it', () => {
  const samples = Array.from({ length: 1_000 }, (_, at) =>
    sample({ speed_kmh: at % 200 }, RECEIVED_AT_MS - 1_000 * (at % 2)),
  );
  expect(taken(accept(report(...samples))).findings.listed.map(({ reason }) => reason)).toEqual([
    'SAME_TIME',
    'SAME_TIME',
  ]);
});

test('the clock text of a sample is kept with it', () => {
  const judgement = taken(
    accept(report({ ...sample({ speed_kmh: 50 }, 0), clockText: '90/02/2032 12:08:07' })),
  );
  expect(judgement.facts[0]).toMatchObject({
    observedAtMs: 0,
    samples: [{ clockText: '90/02/2032 12:08:07' }],
  });
});

test.each([
  ['a time', Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1)],
  ['a time in the future', Date.UTC(2090, 0, 1), Date.UTC(2090, 0, 1)],
  ['no time', 0, 0],
  ['a time before 1970', -5, 0],
  ['the year 3000', Date.UTC(3000, 0, 1), 0],
])('the key of a report whose first sample has %s depends only on that', (_, observedAtMs, keyTimeMs) => {
  const judgement = taken(accept(report(sample({ speed_kmh: 50 }, observedAtMs), sample({ speed_kmh: 51 }))));
  expect(judgement.facts.map((fact) => fact.observedAtMs)).toEqual(judgement.facts.map(() => keyTimeMs));
});

test('property: every report gets a judgement', () => {
  fc.assert(
    fc.property(anyReport, fc.integer(), (incoming, receivedAtMs) => {
      expect(['accepted', 'quarantined', 'rejected']).toContain(accept(incoming, receivedAtMs).outcome);
    }),
  );
});

test('property: every signal is either believed or set aside, never both', () => {
  fc.assert(
    fc.property(readableReport, (incoming) => {
      const found = taken(accept(incoming)).facts.flatMap(signalsOf).sort();
      expect(found).toEqual(incoming.samples.flatMap(signalsSent).sort());
    }),
  );
});

test('property: the believed part of a report is believed as a whole when it is sent again', () => {
  fc.assert(
    fc.property(readableReport, (incoming) => {
      const [fact] = taken(accept(incoming)).facts;
      if (fact.type !== 'TelemetryReported') return;
      const samples = fact.samples.map(({ observedAtMs, signals }) => ({ observedAtMs, ...parted(signals) }));
      const again = taken(accept({ ...incoming, samples }));
      expect(again.facts.map(({ type }) => type)).toEqual(['TelemetryReported']);
      expect(again.facts[0].samples).toEqual(fact.samples);
    }),
  );
});

test('property: the key of a report does not depend on when it is received', () => {
  fc.assert(
    fc.property(
      readableReport,
      fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      (incoming, receivedAtMs) => {
        const keyOf = ({ facts: [{ subject, observedAtMs, reportId }] }: Taken) => [
          subject,
          observedAtMs,
          reportId,
        ];
        expect(keyOf(taken(accept(incoming, receivedAtMs)))).toEqual(keyOf(taken(accept(incoming))));
      },
    ),
  );
});

test('the reasons of a report full of bad signals stay below the size limit of a report', () => {
  const bad = {
    speed_kmh: -1,
    odometer_km: -1,
    heading_deg: -1,
    fuel_level_pct: -1,
    range_km: -1,
    altitude_m: -1e9,
  };
  const judgement = taken(accept(report(...Array.from({ length: 1_000 }, () => sample(bad)))));
  const [fact] = judgement.facts;
  const samples = fact.type === 'TelemetryQuarantined' ? fact.samples : [];
  expect(JSON.stringify(samples.map(({ findings }) => findings)).length).toBeLessThan(128 * 1024);
  expect(samples.map(({ sample: { signals } }) => signals)).toEqual(Array.from({ length: 1_000 }, () => bad));
  expect(judgement.findings.listed).toHaveLength(MAX_FINDINGS);
  expect(judgement.findings.unlisted).toBe(6_000 - MAX_FINDINGS);
});

/** Each signal as `name=value`. */
const named = (signals: Readonly<Record<string, SignalValue | undefined>>) =>
  Object.entries(signals).map(([name, value]) => `${name}=${JSON.stringify(value)}`);

function signalsOf(fact: Taken['facts'][number]): readonly string[] {
  return fact.type === 'TelemetryReported'
    ? fact.samples.flatMap(({ observedAtMs, signals }) =>
        named(signals).map((text) => `${observedAtMs} ${text}`),
      )
    : fact.samples.flatMap(({ sample: { observedAtMs, signals } }) =>
        named(signals).map((text) => `${observedAtMs} ${text}`),
      );
}

function signalsSent({ observedAtMs, known, others }: IncomingSample): readonly string[] {
  const all = { ...known, ...Object.fromEntries(others.map(({ path, value }) => [path, value])) };
  return named(all).map((text) => `${observedAtMs} ${text}`);
}

/** Signals in the two forms in which they are sent. */
function parted(signals: Readonly<Record<string, SignalValue>>): Pick<IncomingSample, 'known' | 'others'> {
  const entries = Object.entries(signals);
  return {
    known: Object.fromEntries(entries.filter(([name]) => !name.startsWith('Vehicle.'))),
    others: entries.filter(([name]) => name.startsWith('Vehicle.')).map(([path, value]) => ({ path, value })),
  };
}

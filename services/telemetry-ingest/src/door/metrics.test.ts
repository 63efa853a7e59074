import { globSync, readFileSync } from 'node:fs';
import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { LimitFault } from '@odograph/kernel/limit-fault';
import { createMetrics } from '@odograph/platform/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { createDoorMetrics, FINDING_REASONS } from './metrics.ts';
import { unavailable } from './results.ts';

test('the metrics of the door can be scraped, by outcome, reason and limit', async () => {
  const { meter, serve } = createMetrics('test');
  const { port, stop } = await serve({});
  onTestFinished(stop);
  const metrics = createDoorMetrics(meter);
  const finding = { field: 'vin', reason: 'VIN_CHECK_DIGIT', description: '' };
  const position = { partition: 0, sequence: 1, index: 0 };
  metrics.batchTaken(3);
  metrics.answered([
    { outcome: ReportOutcome.ACCEPTED, position, findings: [finding] },
    { outcome: ReportOutcome.ACCEPTED, position, findings: [] },
    unavailable(new Fault('OVERLOADED', 'full')),
  ]);
  metrics.refused(new LimitFault('message_bytes', 'TOO_LARGE', 'x', { limit: '1000000 bytes a message' }));
  // The fault of a batch has that of its first report as its cause.
  const cause = new LimitFault('stream_bytes', 'OVERLOADED', 'full', { limit: 'bytes of the stream' });
  metrics.refused(new Fault('OVERLOADED', 'full', { cause }));
  metrics.refused(new Fault('UNAVAILABLE', 'closed'));
  const tooMany = new LimitFault('client_vehicles_per_second', 'OVERLOADED', 'x', { limit: '2 vehicles/s' });
  metrics.refusedInPart([tooMany, cause, tooMany]);
  metrics.connectionOpened();

  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const line of [
    'odograph_ingest_reports_total{outcome="accepted"} 2',
    'odograph_ingest_reports_total{outcome="unavailable"} 1',
    'odograph_ingest_findings_total{reason="VIN_CHECK_DIGIT"} 1',
    'odograph_ingest_findings_total{reason="OVERLOADED"} 1',
    'odograph_ingest_refusals_total{code="RESOURCE_EXHAUSTED",limit="message_bytes"} 1',
    'odograph_ingest_refusals_total{code="RESOURCE_EXHAUSTED",limit="stream_bytes"} 2',
    'odograph_ingest_refusals_total{code="RESOURCE_EXHAUSTED",limit="client_vehicles_per_second"} 1',
    'odograph_ingest_refusals_total{code="UNAVAILABLE"} 1',
    'odograph_ingest_batch_reports_sum 3',
    'odograph_ingest_connections 1',
  ]) {
    expect(page).toContain(`\n${line}`);
  }
});

test('what can be counted is there from the start, at 0, and no label is empty', async () => {
  const { meter, serve } = createMetrics('test');
  const { port, stop } = await serve({});
  onTestFinished(stop);
  const metrics = createDoorMetrics(meter);
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const series = page.split('\n').filter((line) => line.startsWith('odograph_ingest_'));
  expect(series).toEqual(
    expect.arrayContaining([
      'odograph_ingest_reports_total{outcome="accepted"} 0',
      'odograph_ingest_refusals_total{code="RESOURCE_EXHAUSTED",limit="free_disk"} 0',
      'odograph_ingest_findings_total{reason="SENTINEL"} 0',
      'odograph_ingest_connections 0',
    ]),
  );
  expect(series.filter((line) => !line.endsWith(' 0'))).toEqual([]);
  expect(page).not.toContain('=""');
  expect(metrics.reportsTaken()).toBe(0);
});

test('the reasons of the domain are counted from the start', () => {
  const folder = new URL('..', import.meta.url).pathname;
  const files = globSync('domain/*.ts', { cwd: folder }).filter((file) => !/test|arbitrary/.test(file));
  const written = files.flatMap(
    (file) => readFileSync(`${folder}/${file}`, 'utf8').match(/'[A-Z]+(?:_[A-Z]+)*_?[A-Z]+'/g) ?? [],
  );
  const reasons = new Set(written.map((quoted) => quoted.slice(1, -1)));
  expect([...reasons].filter((reason) => reason.length > 3 && !FINDING_REASONS.includes(reason))).toEqual([]);
});

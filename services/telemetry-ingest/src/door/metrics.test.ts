import { ReportOutcome } from '@odograph/contracts/generated/odograph/telemetry/v1/telemetry_ingest';
import { Fault } from '@odograph/kernel/fault';
import { createMetrics } from '@odograph/platform/metrics';
import { expect, onTestFinished, test } from 'vitest';
import { LimitFault } from './limit-fault.ts';
import { createDoorMetrics } from './metrics.ts';
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
  metrics.refused(new Fault('OVERLOADED', 'the stream is full', { limit: 'bytes of the stream' }));
  metrics.connectionOpened();

  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const line of [
    'odograph_ingest_reports_total{outcome="accepted"} 2',
    'odograph_ingest_reports_total{outcome="unavailable"} 1',
    'odograph_ingest_findings_total{reason="VIN_CHECK_DIGIT"} 1',
    'odograph_ingest_findings_total{reason="OVERLOADED"} 1',
    'odograph_ingest_refusals_total{code="TOO_LARGE",limit="message_bytes"} 1',
    'odograph_ingest_refusals_total{code="OVERLOADED",limit=""} 1',
    'odograph_ingest_batch_reports_sum 3',
    'odograph_ingest_connections 1',
  ]) {
    expect(page).toContain(`\n${line}`);
  }
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { reportsTaken } from './reports-taken.ts';

const METRICS = `# TYPE odograph_ingest_reports_total counter
odograph_ingest_reports_total{outcome="accepted"} 1200
odograph_ingest_reports_total{outcome="quarantined"} 34
odograph_ingest_reports_total{outcome="rejected"} 5
odograph_ingest_findings_total{reason="SENTINEL"} 7
`;

test('reports that ingest has taken are the accepted and the quarantined ones', async () => {
  const server = createServer((_, response) => void response.end(METRICS)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => void server.close());
  expect(await reportsTaken(endpoint)).toBe(1_234);
});

test('an ingest that does not answer says nothing', async () => {
  expect(await reportsTaken('127.0.0.1:1')).toBeUndefined();
});

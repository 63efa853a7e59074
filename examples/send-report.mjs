// Sends one report and asks for the vehicle's status as of that report.
// Usage: npx node examples/send-report.mjs INGEST_HOST:PORT HISTORY_HOST:PORT
import { createClient } from '@odograph/client';

const [ingest, history] = process.argv.slice(2);
const client = createClient({ ingest, history });

// A vehicle takes its clock when it measures, and keeps it with the report: vehicle, time of the first sample and report id
// are the key of a report, so this one is stored once, however often it is sent.
const observedAtMs = Date.parse('2025-11-21T08:00:00Z');
const report = {
  vehicleId: 'JTMTESTVN0D000001',
  reportId: 'trip-1/0001',
  samples: [{ observedAtMs, signals: { speedKmh: 42.5, batteryLevelPct: 81 } }],
};
const [{ outcome, position }] = await client.report([report]);
console.log(outcome, position); // 1 is accepted, and from here on the report is on disk

const { status } = await client.status(report.vehicleId, { atLeast: position }); // as of this report
console.log(status.signals);

client.close();

// Sends one report and asks for the vehicle's status as of that report.
// Usage: node examples/send-report.mjs INGEST_HOST:PORT HISTORY_HOST:PORT
import { createClient } from '@odograph/client';

const [ingest, history] = process.argv.slice(2);
const client = createClient({ ingest, history });

const report = {
  vehicleId: 'JTMTESTVN0D000001',
  reportId: 'trip-1/0001', // sent again under the same id, it changes nothing
  samples: [{ observedAtMs: Date.now(), signals: { speedKmh: 42.5, batteryLevelPct: 81 } }],
};
const [{ outcome, position }] = await client.report([report]);
console.log(outcome, position); // 1 is accepted, and from here on the report is on disk

const { status } = await client.status(report.vehicleId, { atLeast: position }); // as of this report
console.log(status.signals);

client.close();

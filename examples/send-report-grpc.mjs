// The same as send-report.mjs without our client, as in any language: plain gRPC from the contracts in proto/.
// Usage: npx node examples/send-report-grpc.mjs INGEST_HOST:PORT HISTORY_HOST:PORT
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [ingestAddress, historyAddress] = process.argv.slice(2);
const files = ['odograph/telemetry/v1/telemetry_ingest.proto', 'odograph/history/v1/vehicle_history.proto'];
const includeDirs = [new URL('../proto', import.meta.url).pathname];
const { odograph } = loadPackageDefinition(
  loadSync(files, { includeDirs, keepCase: true, longs: Number, enums: String }),
);
const ingest = new odograph.telemetry.v1.TelemetryIngest(ingestAddress, credentials.createInsecure());
const history = new odograph.history.v1.VehicleHistory(historyAddress, credentials.createInsecure());

const call = (client, method, request) =>
  new Promise((resolve, reject) => {
    client[method](request, (error, response) => (error ? reject(error) : resolve(response)));
  });

// A vehicle takes its clock when it measures, and keeps it with the report: vehicle, time of the first sample and report id
// are the key of a report, so this one is stored once, however often it is sent.
const observedAtMs = Date.parse('2025-11-21T08:00:00Z');
const report = {
  vehicle_id: 'JTMTESTVN0D000001',
  report_id: 'trip-1/0001',
  samples: [{ observed_at_ms: observedAtMs, signals: { speed_kmh: 42.5, battery_level_pct: 81 } }],
};

const { results } = await call(ingest, 'Report', { reports: [report] });
console.log(results[0].outcome, results[0].position); // on disk from here on

const { status } = await call(history, 'GetStatus', {
  vehicle_id: report.vehicle_id,
  at_least: results[0].position, // wait until the view has this report
});
console.log(status.signals);

ingest.close();
history.close();

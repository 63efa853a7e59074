import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { sendUnaryData } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VehicleHistoryService, VehicleStatus } from './generated/odograph/history/v1/vehicle_history.ts';
import { type ScriptedIngest, startScriptedIngest } from './ingest.fixture.ts';

const PACKAGE = resolve(import.meta.dirname, '..');
const MODULES = resolve(PACKAGE, '../../node_modules');
const run = promisify(execFile);

/** A program outside of this repository; the same text is valid JavaScript and TypeScript. */
const PROGRAM = `
import { createClient } from '@odograph/client';
import { isFault } from '@odograph/client/fault';
import { ReportOutcome } from '@odograph/client/generated/odograph/telemetry/v1/telemetry_ingest';

const endpoint = String(process.argv[2]);
const client = createClient({ ingest: endpoint, history: endpoint });
const report = { vehicleId: 'bus-1', reportId: 'trip-1/1', samples: [{ observedAtMs: 1, signals: { speedKmh: 42.5 } }] };
async function* source() {
  yield { report, row: 7 };
}
for await (const { item, result } of client.send(source())) console.log(item.row, result.outcome === ReportOutcome.ACCEPTED);
const [result] = await client.report([report]);
const { status } = await client.status('bus-1', { atLeast: result?.position });
console.log(status.vehicleId, status.signals?.speedKmh);
await client.status('bus-2').catch((error: unknown) => console.log(isFault(error, 'INTERNAL')));
client.close();
`;

let folder: string;
let ingest: ScriptedIngest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'odograph-client-'));
  for (const name of ['@grpc', '@bufbuild', '@types']) {
    mkdirSync(join(folder, 'node_modules'), { recursive: true });
    symlinkSync(join(MODULES, name), join(folder, 'node_modules', name));
  }
  const target = join(folder, 'node_modules/@odograph/client');
  await run(process.execPath, [join(PACKAGE, 'scripts/build.ts'), target]);
  ingest = await startScriptedIngest({}, [
    [VehicleHistoryService, { getStatus, listStatus: notAsked, listSamples: notAsked }],
  ]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  ingest.kill();
});

function getStatus({ request }: { request: { vehicleId: string } }, callback: sendUnaryData<unknown>): void {
  const { vehicleId } = request;
  if (vehicleId === 'bus-1') {
    const status = VehicleStatus.create({ vehicleId, signals: { speedKmh: 42.5 } });
    callback(null, { status, position: { partition: 0, sequence: 2, index: 0 }, projectionVersion: 3 });
  } else {
    callback(null, { projectionVersion: 3 });
  }
}

function notAsked(): never {
  throw new Error('not asked for');
}

it('works in a plain program with no other package of ours', async () => {
  const program = join(folder, 'program.mjs');
  writeFileSync(program, PROGRAM.replace('error: unknown', 'error'));
  const { stdout } = await run(process.execPath, [program, ingest.endpoint], { cwd: folder });
  expect(stdout).toBe('7 true\nbus-1 42.5\ntrue\n');
  expect(ingest.batches).toHaveLength(2);
});

it('has types for such a program', async () => {
  writeFileSync(join(folder, 'program.mts'), PROGRAM);
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    'false',
    '--target',
    'es2024',
    '--module',
    'nodenext',
  ];
  const tsc = join(MODULES, 'typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, ...options, '--types', 'node', 'program.mts'], {
    cwd: folder,
  });
  expect(stdout).toBe('');
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startPlatform } from './platform.fixture.ts';

const PYTHON = fileURLToPath(new URL('../../../clients/python/scripts/python', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

test('the examples send a report and read it back, and however often they run it is one sample', async () => {
  await using platform = await startPlatform();
  const { ingest, history } = platform.endpoints();
  const run = async (example: string, program = process.execPath) => {
    const { stdout } = await promisify(execFile)(program, [EXAMPLES + example, ingest, history]);
    return stdout;
  };

  const withClient = await run('send-report.mjs');
  expect(withClient).toMatch(/^1 \{ partition: \d, sequence: \d+, index: 0 \}/);
  expect(withClient).toContain('speedKmh: 42.5');

  const withGrpc = await run('send-report-grpc.mjs');
  expect(withGrpc).toContain('REPORT_OUTCOME_ACCEPTED');
  expect(withGrpc).toContain('speed_kmh: 42.5');

  const withPython = await run('send_report.py', PYTHON);
  expect(withPython).toMatch(/^1 (partition: \d\n)?sequence: \d+/);
  expect(withPython).toContain('speed_kmh: 42.5');

  expect(await run('send-report.mjs')).toMatch(/^1 /);
  expect(await run('send-report-grpc.mjs')).toContain('REPORT_OUTCOME_ACCEPTED');
  expect(await platform.json('history', 'JTMTESTVN0D000001')).toHaveLength(1);
});

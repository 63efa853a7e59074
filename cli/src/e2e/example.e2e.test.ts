import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startPlatform } from './platform.fixture.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/send-report.mjs', import.meta.url));

test('the example of the README sends a report and reads its own write', async () => {
  await using platform = await startPlatform();
  const { ingest, history } = platform.endpoints();

  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE, ingest, history]);

  expect(stdout).toContain('REPORT_OUTCOME_ACCEPTED');
  expect(stdout).toContain('speed_kmh: 42.5');
});

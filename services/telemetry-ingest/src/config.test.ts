import { systemClock } from '@odograph/kernel/clock';
import { listSettings, readConfig } from '@odograph/platform/config/config';
import { createMetrics } from '@odograph/platform/metrics';
import { expect, test } from 'vitest';
import { settings } from './config.ts';
import { createClientLimits } from './door/client-limits.ts';
import { createDoorMetrics } from './door/metrics.ts';

const read = (env: Readonly<Record<string, string>>) =>
  readConfig(settings, { ODO_NATS_URL: 'nats://127.0.0.1:4222', ...env }, 'ODO_INGEST_');

test('the former name of the limit of connections is refused with the new one', () => {
  expect(() => read({ ODO_INGEST_MAX_STREAMS: '10' })).toThrow(
    'ODO_INGEST_MAX_STREAMS is now called ODO_INGEST_MAX_CONNECTIONS: set that instead',
  );
  expect(read({ ODO_INGEST_MAX_CONNECTIONS: '10' }).limits.maxConnections).toBe(10);
});

test.each([
  'ODO_INGEST_WINDOW_BATCHES',
  'ODO_INGEST_ENVELOPE_AGE_MS',
  'ODO_INGEST_ENVELOPE_BYTES',
  'ODO_INGEST_RETRY_MIN_MS',
  'ODO_INGEST_RETRY_MAX_MS',
  'ODO_INGEST_MAX_QUEUED_BYTES',
])('%s, which was a setting, is refused', (name) => {
  expect(() => read({ [name]: '10' })).toThrow(`${name} is not a setting`);
});

const OWN = listSettings(settings).flatMap(({ name }) => (name.startsWith('ODO_INGEST_') ? [name] : []));

test.each(OWN)('%s without its last letter is refused with the right one', (name) => {
  const mistyped = name.slice(0, -1);
  expect(() => read({ [mistyped]: '10' })).toThrow(`${mistyped} is not a setting: did you mean ${name}?`);
});

const LEAST_WORK_BYTES = 32 * 1024 * 1024;

test('the largest batch that settings allow is taken with the least memory that they allow', () => {
  const { limits: largest } = read({
    ODO_INGEST_MAX_MESSAGE_BYTES: '4000000',
    ODO_INGEST_MAX_REPORTS: '10000',
    ODO_INGEST_MAX_WORK_BYTES: String(LEAST_WORK_BYTES),
  });
  const metrics = createDoorMetrics(createMetrics('test').meter);
  const clients = createClientLimits({ quota: largest, clock: systemClock, metrics });
  const reports = Array.from({ length: largest.maxReports }, () => new Uint8Array());
  expect(() => clients.holdBatch('a', { reports, bytes: largest.maxBytes })).not.toThrow();
  expect(() => read({ ODO_INGEST_MAX_WORK_BYTES: String(LEAST_WORK_BYTES - 1) })).toThrow(
    `a whole number from ${LEAST_WORK_BYTES}`,
  );
});

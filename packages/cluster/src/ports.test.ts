import { expect, test } from 'vitest';
import { usualPorts } from './ports.ts';
import { platformServices } from './services.ts';

test('a new data directory has the same ports on every machine, if they are free', () => {
  expect(usualPorts(platformServices)).toEqual({
    ...{ ingest: 4101, history: 4102, cache: 4103, alerting: 4104 },
    ...{ 'ingest-metrics': 4111, 'history-metrics': 4112, 'cache-metrics': 4113 },
    'alerting-metrics': 4114,
    ...{ nats: 4122, redis: 4126, mongo: 4127 },
  });
});

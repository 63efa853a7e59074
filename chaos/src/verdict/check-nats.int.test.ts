import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { platformServices } from '@odograph/cluster/services';
import { credentialsOf } from '@odograph/engines/credentials';
import { engineFacts } from '@odograph/engines/engine-kind';
import { startEngine } from '@odograph/engines/start-engine';
import { natsOptions } from '@odograph/platform/nats-options';
import { eventually } from '@odograph/testing/eventually';
import { expect, onTestFinished, test } from 'vitest';
import { checkNats } from './check-nats.ts';

test('a service that publishes or listens where it may not breaks a rule, and nothing else does', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'odograph-check-nats-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const users = platformServices.map(({ name, subjects }) => ({ name, subjects, database: 'odograph' }));
  const nats = await startEngine('nats', { dataDir, users });
  onTestFinished(() => nats.stop());
  const url = engineFacts.nats.urlOn(nats.port, credentialsOf(dataDir, 'ingest'));
  const ingest = await connect(natsOptions({ url }));
  onTestFinished(() => ingest.close());

  ingest.publish('events.0', 'x');
  ingest.subscribe('log.0');
  await ingest.flush();
  expect(await checkNats(join(dataDir, 'nats.log'))).toEqual([]);

  ingest.publish('log.0', 'forged');
  ingest.subscribe('events.0', { callback: () => undefined });
  await eventually(async () => {
    const details = (await checkNats(join(dataDir, 'nats.log'))).map(({ detail }) => detail);
    expect(details).toEqual([
      expect.stringContaining('Publish Violation - Subject "log.0"'),
      expect.stringContaining('Subscription Violation - Subject "events.0"'),
    ]);
  });
});

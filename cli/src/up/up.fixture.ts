/** `odograph up` with fake services; its argument is the data directory. */
import { join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import { note, printJson, reportFailure } from '../terminal/output.ts';
import { runUp } from './run-up.ts';

const [dataDir = ''] = process.argv.slice(2);
const main = join(import.meta.dirname, 'service.fixture.ts');
const services = platformServices.map((service) => ({ ...service, main }));

try {
  await runUp({ dataDir, services, ports: {}, partitions: 2, env: process.env, note }, (state) =>
    printJson({ ready: true, ...state }),
  );
} catch (error) {
  process.exitCode = reportFailure(error, false);
}

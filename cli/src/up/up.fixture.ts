/** `odograph up` with services that only pretend; arguments: the data directory, then the names of the services. */
import { join } from 'node:path';
import { note, printJson, reportFailure } from '../terminal/output.ts';
import { runUp } from './run-up.ts';

const [dataDir = '', ...names] = process.argv.slice(2);
const main = join(import.meta.dirname, 'service.fixture.ts');
const services = names.map((name) => ({ name, main, standsBack: name === 'history' }));

try {
  await runUp({ dataDir, services, ports: {}, partitions: 2, env: process.env, note }, (state) =>
    printJson({ ready: true, ...state }),
  );
} catch (error) {
  process.exitCode = reportFailure(error, false);
}

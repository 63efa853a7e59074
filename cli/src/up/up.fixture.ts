/** `odograph up` with fake services; its argument is the data directory. */
import { once } from 'node:events';
import { join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import { note, printJson, reportFailure } from '../terminal/output.ts';
import { runUp } from './run-up.ts';

const [dataDir = ''] = process.argv.slice(2);
const main = join(import.meta.dirname, 'service.fixture.ts');
const services = platformServices.map((service) => ({ ...service, main }));

try {
  await runUp({ dataDir, services, ports: {}, env: process.env, note }, async (state, signal) => {
    await printJson({ ready: true, ...state });
    // As a live view, which shows something until its signal.
    if (!signal.aborted) await once(signal, 'abort');
    note('the view has ended');
  });
} catch (error) {
  process.exitCode = reportFailure(error, false);
}

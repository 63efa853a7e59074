/** `odograph up` with fake services; its argument is the data directory. FIXTURE_VIEW gives it the live view of a terminal. */
import { join } from 'node:path';
import { platformServices } from '@odograph/cluster/services';
import { runLiveView } from '../live/live-view.ts';
import { note, printJson, reportFailure } from '../terminal/output.ts';
import { runUp } from './run-up.ts';

const [dataDir = ''] = process.argv.slice(2);
const main = join(import.meta.dirname, 'service.fixture.ts');
const services = platformServices.map((service) => ({ ...service, main }));

try {
  await runUp({ dataDir, services, ports: {}, env: process.env, note }, async (state, signal) => {
    if (process.env['FIXTURE_VIEW'] === undefined) return await printJson({ ready: true, ...state });
    Object.assign(process.stdout, { isTTY: true, columns: 80, rows: 24 });
    await runLiveView({ ...state, dataDir, fleet: false, signal });
    note('the view has ended');
  });
} catch (error) {
  process.exitCode = reportFailure(error, false);
}

import { runService } from '@odograph/platform/app/run-service';
import { historyApp, SERVICE_NAME } from './app.ts';
import { settings } from './config.ts';

await runService({
  name: SERVICE_NAME,
  ownPrefix: 'ODO_HISTORY_',
  settings,
  compose: historyApp,
});

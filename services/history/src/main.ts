import { runService } from '@odograph/platform/app/run-service';
import { historyApp, SERVICE_NAME } from './app.ts';
import { historySettings } from './config.ts';

await runService({
  name: SERVICE_NAME,
  ownPrefix: 'ODO_HISTORY_',
  settings: historySettings,
  compose: historyApp,
});

import { runService } from '@odograph/platform/app/run-service';
import { alertingApp, SERVICE_NAME } from './app.ts';
import { settings } from './config.ts';

await runService({
  name: SERVICE_NAME,
  ownPrefix: 'ODO_ALERTING_',
  settings,
  compose: alertingApp,
});

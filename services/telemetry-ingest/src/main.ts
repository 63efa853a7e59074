import { runService } from '@odograph/platform/app/run-service';
import { ingestApp, SERVICE_NAME } from './app.ts';
import { settings } from './config.ts';

await runService({
  name: SERVICE_NAME,
  ownPrefix: 'ODO_INGEST_',
  settings,
  compose: ingestApp,
});

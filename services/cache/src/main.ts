import { runService } from '@odograph/platform/app/run-service';
import { cacheApp, SERVICE_NAME } from './app.ts';
import { settings } from './config.ts';

await runService({
  name: SERVICE_NAME,
  ownPrefix: 'ODO_CACHE_',
  settings,
  compose: cacheApp,
});

import { readConfig } from '@odograph/platform/config';
import { runService } from '@odograph/platform/run-service';
import { historyApp } from './app.ts';
import { historySettings } from './config.ts';

await runService({ name: 'history', build: (env) => historyApp(readConfig(historySettings, env)).build() });

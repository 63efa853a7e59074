import { runService } from '@odograph/platform/run-service';
import { historyApp } from './app.ts';
import { historySettings } from './config.ts';

await runService({ name: 'history', settings: historySettings, compose: historyApp });

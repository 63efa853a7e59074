import { runService } from '@odograph/platform/run-service';
import { ingestApp } from './app.ts';
import { ingestSettings } from './config.ts';

await runService({ name: 'telemetry-ingest', settings: ingestSettings, compose: ingestApp });

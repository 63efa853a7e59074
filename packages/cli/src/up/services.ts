import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';

/** A service as the supervisor sees it. */
export interface ServiceSpec {
  /** Its key among the endpoints. */
  readonly name: string;
  /** Its start file. */
  readonly main: string;
}

/** In the order they start; they stop in the reverse. */
export const platformServices: readonly ServiceSpec[] = [
  { name: 'history', main: join(projectRoot, 'services/history/src/main.ts') },
  { name: 'ingest', main: join(projectRoot, 'services/telemetry-ingest/src/main.ts') },
];

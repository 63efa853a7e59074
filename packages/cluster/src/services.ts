import { join } from 'node:path';
import { projectRoot } from '@odograph/engines/project-paths';

/** A service as the supervisor sees it. */
export interface ServiceSpec {
  /** Its key among the endpoints. */
  readonly name: string;
  /** Its start file. */
  readonly main: string;
  /** Whether others go first while there is not processor enough for all. */
  readonly standsBack: boolean;
}

/** In the order they start; they stop in the reverse. */
export const platformServices: readonly ServiceSpec[] = [
  // It reads what waits in NATS; a vehicle does not wait for it, but for the door.
  { name: 'history', main: join(projectRoot, 'services/history/src/main.ts'), standsBack: true },
  { name: 'ingest', main: join(projectRoot, 'services/telemetry-ingest/src/main.ts'), standsBack: false },
];

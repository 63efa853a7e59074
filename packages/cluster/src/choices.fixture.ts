import { mkdirSync } from 'node:fs';
import { findFreePort } from '@odograph/engines/free-port';
import { writeChoices } from './choices.ts';
import { usualPorts } from './ports.ts';
import { platformServices } from './services.ts';

/** Lets `odograph up` on a data directory use free ports: tests that run at the same time would share the usual ones. */
export async function chooseFreePorts(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const names = Object.keys(usualPorts(platformServices));
  const ports = await Promise.all(names.map(async (name) => [name, await findFreePort()] as const));
  writeChoices(dataDir, { ports: Object.fromEntries(ports) });
}

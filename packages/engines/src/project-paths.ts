import { resolve } from 'node:path';

/** The checkout this code runs from. */
export const projectRoot = resolve(import.meta.dirname, '../../..');

/** The folder of the engines that the project has installed. */
export function enginesDir(env: NodeJS.ProcessEnv): string {
  return resolve(projectRoot, env['ODO_ENGINES_DIR'] || '.engines');
}

export const requirementsFile = resolve(projectRoot, 'deploy/engines/requirements.txt');

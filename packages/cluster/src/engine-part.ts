import { join } from 'node:path';
import type { Note } from '@odograph/engines/candidate';
import { engineFacts } from '@odograph/engines/engine-kind';
import type { RunningEngine } from '@odograph/engines/engine-process';
import { findEngine } from '@odograph/engines/find-engine';
import { startMongo } from '@odograph/engines/mongo';
import { startNats } from '@odograph/engines/nats';
import type { StartOptions } from '@odograph/engines/start-engine';

/** The engines that the platform runs on. */
export type PlatformEngine = 'nats' | 'mongo';

const starters: Readonly<Record<PlatformEngine, (options: StartOptions) => Promise<RunningEngine>>> = {
  nats: startNats,
  // What is acknowledged waits in NATS until it is stored.
  mongo: (options) => startMongo({ ...options, standsBack: true }),
};

/** An engine that runs elsewhere, or how to start one here. */
export type EnginePlan =
  | { readonly isElsewhere: true; readonly url: string }
  | { readonly isElsewhere: false; readonly title: string; start(): Promise<RunningEngine> };

/** @throws Fault UNAVAILABLE with one line about what was tried, when the engine cannot be had. */
export async function planEngine(
  kind: PlatformEngine,
  dataDir: string,
  env: NodeJS.ProcessEnv,
  note: Note,
): Promise<EnginePlan> {
  const found = await findEngine(kind, env, note);
  if (found.kind === 'url') return { isElsewhere: true, url: found.url };
  const options = { dataDir: join(dataDir, kind), binary: found.path };
  let port: number | undefined;
  const start = async () => {
    const engine = await starters[kind](port === undefined ? options : { ...options, port });
    port = engine.port; // Whoever was told this one finds it there again.
    return engine;
  };
  return { isElsewhere: false, title: `${engineFacts[kind].title} ${found.version}`, start };
}

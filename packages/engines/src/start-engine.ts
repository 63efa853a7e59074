import { resolve } from 'node:path';
import type { EngineKind } from './engine-kind.ts';
import { type Launch, launchEngine, prepareDataDir, type RunningEngine } from './engine-process.ts';
import { findBinary } from './find-engine.ts';
import { findFreePort, requireFreePort } from './free-port.ts';

export interface StartOptions {
  /** The folder for everything of this engine; made when it is not there. */
  readonly dataDir: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Path of the binary. Default: what {@link findBinary} finds. */
  readonly binary?: string;
}

/** A free port may be taken by another between the choice and the use: that often is another one tried. */
const PORT_ATTEMPTS = 3;

export type PlannedLaunch = Omit<Launch, 'kind' | 'binary' | 'dataDir' | 'port'>;

/** Finds the binary, prepares the folder, settles the port, and starts what `plan` says. */
export async function startEngine(
  kind: EngineKind,
  options: StartOptions,
  plan: (dataDir: string, port: number) => PlannedLaunch,
): Promise<RunningEngine> {
  const binary = options.binary ?? (await findBinary(kind)).path;
  const dataDir = resolve(options.dataDir);
  await prepareDataDir(kind, dataDir);
  if (options.port !== undefined) await requireFreePort(options.port);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort());
    try {
      return await launchEngine({ kind, binary, dataDir, port, ...plan(dataDir, port) });
    } catch (error) {
      if (options.port !== undefined || attempt === PORT_ATTEMPTS || !isAboutPort(error)) throw error;
    }
  }
}

/** NATS, MongoDB and Redis all pass on the words of the operating system. */
function isAboutPort(error: unknown): boolean {
  return error instanceof Error && /address already in use/i.test(error.message);
}

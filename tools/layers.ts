import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Which files may import what. The linter's rules are generated from this table into tools/layers.biome.json
 * (`make generate`), and tools/layers.int.test.ts breaks each of them once. Later rows win.
 */
export interface Layer {
  /** Globs of the files it is about, from the root of the repository. */
  readonly files: readonly string[];
  /** The packages of this repository that they may import, by their short names. */
  readonly mayImport: readonly string[];
  /** The other rooms of their service that they may import. Without it, relative imports are not limited. */
  readonly rooms?: readonly string[];
  /** What they may not import besides: clients of engines, gRPC, both of them, or anything (npm and Node). */
  readonly butNot?: 'engines' | 'grpc' | 'engines and grpc' | 'anything else';
  /** Modules that `anything else` leaves out: npm packages, or Node's own. */
  readonly except?: readonly string[];
  /** What the linter says of a breach. */
  readonly rule: string;
}

const SERVICE_PACKAGES = ['kernel', 'contracts', 'event-log', 'platform', 'decisions', 'projections'];
const CLUSTER_PACKAGES = ['kernel', 'contracts', 'event-log', 'platform', 'engines'];
const ALL_PACKAGES = [
  ...CLUSTER_PACKAGES,
  'decisions',
  'projections',
  'cache',
  'sources',
  'cluster',
  'testing',
];
const SERVICES = readdirSync(resolve(import.meta.dirname, '../services')).map(
  // A library has the name of this service.
  (folder) => (folder === 'cache' ? 'cache-service' : folder),
);

/** What the cache service stands on. It asks history through the client, as programs do. */
const ASKS_HISTORY = ['kernel', 'contracts', 'platform', 'projections', 'cache', 'client'];

/** What alerting stands on: it follows the log through the client, and appends to it. */
const ALERTING_PACKAGES = [...SERVICE_PACKAGES, 'client'];

const TESTS = '*.{test,arbitrary,fixture}.ts';

export const layers: readonly Layer[] = [
  library('contracts', ['kernel']),
  library('event-log', ['kernel', 'contracts']),
  library('platform', ['kernel', 'contracts', 'event-log']),
  library('decisions', ['kernel', 'contracts', 'event-log', 'platform']),
  library('cache', ['kernel', 'platform']),
  library('engines', ['kernel']),
  library('sources', ['kernel', 'contracts']),
  library('cluster', CLUSTER_PACKAGES),
  library('testing', [...CLUSTER_PACKAGES, 'sources']),
  {
    files: ['services/*/src/**'],
    mayImport: SERVICE_PACKAGES,
    rule: 'A service imports packages, never a service: it asks over gRPC or follows the log.',
  },
  room('log', ['domain'], 'grpc'),
  room('log-time', ['domain'], 'grpc'),
  room('views', ['domain', 'log'], 'grpc'),
  room('upkeep', ['domain', 'log', 'views'], 'grpc'),
  room('commands', ['domain', 'log', 'views'], 'engines and grpc'),
  room('door', ['domain', 'commands'], 'engines'),
  room('api', ['domain', 'log', 'views', 'commands'], 'engines'),
  {
    files: ['services/cache/src/**'],
    mayImport: ASKS_HISTORY,
    rule: 'The cache service asks history through the client, as programs do.',
  },
  cacheRoom('kept', [], ['kernel', 'cache']),
  cacheRoom('statuses', ['domain', 'kept'], ASKS_HISTORY),
  cacheRoom('calls', ['domain', 'kept', 'statuses'], ASKS_HISTORY),
  cacheRoom('watch', ['domain', 'statuses'], ['kernel']),
  cacheRoom('follow', ['domain', 'statuses', 'calls', 'watch'], ASKS_HISTORY),
  cacheRoom(
    'api',
    ['domain', 'kept', 'statuses', 'calls', 'watch'],
    ['kernel', 'contracts', 'platform', 'projections', 'cache'],
  ),
  {
    files: ['services/alerting/src/**'],
    mayImport: ALERTING_PACKAGES,
    rule: 'The alerting service follows the log through the client, as programs do.',
  },
  {
    files: ['services/alerting/src/documents/**'],
    mayImport: ['kernel'],
    rooms: [],
    butNot: 'engines and grpc',
    rule: 'documents/ of alerting imports of its service nothing, and no client of an engine or grpc.',
  },
  {
    files: ['services/alerting/src/rules/**'],
    mayImport: ['kernel', 'projections'],
    rooms: ['domain', 'documents'],
    butNot: 'engines and grpc',
    rule: 'rules/ of alerting imports of its service only domain/, documents/, and no client of an engine or grpc.',
  },
  {
    files: ['services/alerting/src/notify/**'],
    mayImport: ['kernel', 'platform'],
    rooms: ['domain', 'documents'],
    butNot: 'grpc',
    rule: 'notify/ of alerting imports of its service only domain/, documents/, and no grpc.',
  },
  alertingRoom('evaluate', ['domain'], 'grpc'),
  alertingRoom('views', ['domain', 'evaluate'], 'grpc'),
  alertingRoom('own', [], 'grpc'),
  alertingRoom('commands', ['domain', 'rules', 'views'], 'engines and grpc'),
  alertingRoom('backtest', ['domain', 'rules', 'evaluate'], 'engines and grpc'),
  alertingRoom('api', ['domain', 'rules', 'evaluate', 'views', 'commands', 'notify', 'backtest'], 'engines'),
  {
    files: [`packages/*/src/**/${TESTS}`, `services/*/src/**/${TESTS}`, `clients/*/src/**/${TESTS}`],
    mayImport: [...ALL_PACKAGES, 'client'],
    rule: 'A test imports packages and the client, never another service.',
  },
  {
    files: ['packages/kernel/src/**'],
    mayImport: [],
    butNot: 'anything else',
    rule: 'kernel imports nothing.',
  },
  {
    files: ['packages/projections/src/**', `!**/${TESTS}`],
    mayImport: ['kernel'],
    butNot: 'anything else',
    rule: 'projections is pure: it imports kernel and itself.',
  },
  {
    files: [`packages/{kernel,projections}/src/**/${TESTS}`, `services/*/src/domain/**/${TESTS}`],
    mayImport: ['kernel', 'projections', 'testing'],
    butNot: 'anything else',
    except: ['vitest', 'fast-check'],
    rule: 'Pure code is tested with kernel, projections, testing, vitest and fast-check.',
  },
  {
    files: ['services/*/src/domain/**', `!**/${TESTS}`],
    mayImport: ['kernel', 'projections'],
    butNot: 'anything else',
    except: ['node:zlib'],
    rule: 'domain/ is pure: it imports kernel, projections, itself and node:zlib.',
  },
  {
    files: ['clients/*/{src,scripts}/**', `!**/${TESTS}`],
    mayImport: [],
    rule: 'A client is used without the rest of the repository: it imports no package of it.',
  },
  {
    files: ['cli/**', 'chaos/**', 'fuzz/**', 'bench/**'],
    mayImport: [...ALL_PACKAGES, 'client'],
    rule: 'A program imports packages and the client; it asks a service over gRPC.',
  },
  {
    files: ['tools/**'],
    mayImport: [...ALL_PACKAGES, 'client', 'cli'],
    rule: 'A tool imports packages, the client and the command line, whose tables it prints.',
  },
  {
    files: ['examples/**'],
    mayImport: ['client'],
    rule: 'An example imports what its reader can install: the client.',
  },
  {
    files: ['bench/src/{paths,reference}/**'],
    mayImport: [...ALL_PACKAGES, 'client', ...SERVICES],
    rule: 'bench/ imports a service only where it measures its code alone.',
  },
];

function library(name: string, mayImport: readonly string[]): Layer {
  const rule = `${name} imports ${mayImport.join(', ')} and no other package of ours.`;
  return { files: [`packages/${name}/{src,scripts}/**`, `!**/${TESTS}`], mayImport, rule };
}

/** A room is a folder in the `src` of a service. The arrows between the rooms go one way. */
function room(name: string, rooms: readonly string[], butNot: NonNullable<Layer['butNot']>): Layer {
  const others = rooms.map((other) => `${other}/`).join(', ');
  const rule = `${name}/ imports of its service only ${others}, and no ${butNot.replace('engines', 'client of an engine')}.`;
  return { files: [`services/*/src/${name}/**`], mayImport: SERVICE_PACKAGES, rooms, butNot, rule };
}

/** A room of the alerting service. */
function alertingRoom(name: string, rooms: readonly string[], butNot: NonNullable<Layer['butNot']>): Layer {
  const others = rooms.map((other) => `${other}/`).join(', ');
  const rule = `${name}/ of alerting imports of its service only ${others}, and no ${butNot.replace('engines', 'client of an engine')}.`;
  const files = [`services/alerting/src/${name}/**`];
  return { files, mayImport: ALERTING_PACKAGES, rooms, butNot, rule };
}

/** A room of the cache service. None but `app.ts` has a client of an engine. */
function cacheRoom(name: string, rooms: readonly string[], mayImport: readonly string[]): Layer {
  const others = rooms.map((other) => `${other}/`).join(', ');
  const own = rooms.length > 0 ? `only ${others}` : 'nothing';
  const rule = `${name}/ of the cache imports of its service ${own}, and no client of an engine.`;
  return { files: [`services/cache/src/${name}/**`], mayImport, rooms, butNot: 'engines', rule };
}

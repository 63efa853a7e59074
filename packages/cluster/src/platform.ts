import { join } from 'node:path';
import { credentialsOf } from '@odograph/engines/credentials';
import { type EngineKind, type EngineUser, engineFacts, engineKinds } from '@odograph/engines/engine-kind';
import { LOOPBACK } from '@odograph/engines/free-port';
import { ProcessFault } from '@odograph/engines/process-fault';
import { projectRoot } from '@odograph/engines/project-paths';
import { isDataOf, startEngine } from '@odograph/engines/start-engine';
import { Fault, isFault } from '@odograph/kernel/fault';
import { maskPassword, mongoSettings } from '@odograph/platform/config/setting';
import { requirePort } from './ports.ts';
import { startService } from './service-process.ts';
import type { ServiceSpec } from './services.ts';
import { SupervisedProcess, type SuperviseOptions } from './supervised-process.ts';

/** One process of a service. */
export interface ServiceInstance {
  readonly name: string;
  readonly service: ServiceSpec;
}

/** An engine that runs elsewhere, or the binary to start here. */
type EngineSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'binary'; readonly path: string; readonly version?: string };

interface PlatformOptions extends Omit<SuperviseOptions, 'name' | 'launch'> {
  /** The folder of all data, logs and pid files. */
  readonly dataDir: string;
  /** In the order they start. */
  readonly instances: readonly ServiceInstance[];
  /** Of a new log. Default: what ODO_PARTITIONS says, or what the log has. */
  readonly partitions?: number | undefined;
  /** The environment of the services. */
  readonly env: NodeJS.ProcessEnv;
  findEngine(kind: EngineKind): Promise<EngineSource>;
  /** The port of an engine or a service that starts here; the name of the port of metrics ends in `-metrics`. */
  choosePort(name: string): Promise<number>;
  /** The port that a service is given for an engine or another service. Default: its own port. */
  between?(service: string, server: string, port: number): Promise<number>;
}

interface PlatformEngine {
  readonly name: EngineKind;
  /** With the password of its owner if it is started here. */
  readonly url: string;
  /** Undefined if the engine runs elsewhere. */
  readonly process?: SupervisedProcess;
  readonly port?: number;
}

export interface PlatformService {
  readonly name: string;
  readonly process: SupervisedProcess;
  readonly port: number;
  readonly metricsPort: number;
}

/** The processes of a platform; each can also be started, stopped and killed alone. */
export interface Platform {
  readonly engines: readonly PlatformEngine[];
  readonly services: readonly PlatformService[];
  /** In the order they start. */
  readonly processes: readonly SupervisedProcess[];
  /** Starts the engines together, then one service after the other, each when the one before is up. */
  start(): Promise<void>;
  /** Stops the processes in reverse order. */
  stop(): Promise<void>;
  /** SIGKILL to all processes at once. */
  kill(): Promise<void>;
}

/**
 * Finds the engines that the services need and chooses all ports; starts nothing.
 * @throws Fault UNAVAILABLE when an engine cannot be found, with what was tried.
 */
export async function planPlatform(options: PlatformOptions): Promise<Platform> {
  const isNeeded = (kind: EngineKind) =>
    options.instances.some(({ service }) => service.engines.includes(kind));
  const planned = await Promise.all(engineKinds.filter(isNeeded).map((kind) => planIfThere(kind, options)));
  const engines = planned.flatMap((engine) => engine ?? []);
  const services: PlatformService[] = [];
  for (const instance of options.instances)
    services.push(await planService(instance, { engines, services }, options));
  const engineProcesses = engines.flatMap(({ process }) => process ?? []);
  const serviceProcesses = services.map(({ process }) => process);
  const processes = [...engineProcesses, ...serviceProcesses];
  let isEnding = false;
  return {
    ...{ engines, services, processes },
    async start() {
      await Promise.all(engines.map((engine) => startEngineOf(engine, options)));
      for (const each of serviceProcesses) {
        if (isEnding) throw new Fault('CANCELLED', 'the platform was stopped while it was starting');
        await each.start();
      }
    },
    async stop() {
      isEnding = true;
      // Without the engines that it needs, a service fails, and is not to be started again.
      for (const each of processes) each.letEnd();
      for (const each of processes.toReversed()) await each.stop();
    },
    async kill() {
      isEnding = true;
      await Promise.all(processes.map((each) => each.kill()));
    },
  };
}

/** Undefined for an engine without which the platform runs, if it cannot be found. */
async function planIfThere(kind: EngineKind, options: PlatformOptions): Promise<PlatformEngine | undefined> {
  try {
    return await planEngine(kind, options);
  } catch (error) {
    if (!engineFacts[kind].isOptional || !isFault(error, 'UNAVAILABLE')) throw error;
    noteWithout(kind, error, options);
    return undefined;
  }
}

function noteWithout(kind: EngineKind, error: unknown, { note }: Pick<PlatformOptions, 'note'>): void {
  const why = error instanceof Error ? error.message : String(error);
  note?.(`without ${engineFacts[kind].title}, so the first answers take longer: ${why}`);
}

/** An engine that runs elsewhere runs already. */
async function startEngineOf({ name, process }: PlatformEngine, options: PlatformOptions): Promise<void> {
  try {
    await process?.start();
  } catch (error) {
    if (!engineFacts[name].isOptional) throw error;
    noteWithout(name, error, options);
  }
}

async function planEngine(kind: EngineKind, options: PlatformOptions): Promise<PlatformEngine> {
  const source = await options.findEngine(kind);
  if (source.kind === 'url') return { name: kind, url: source.url };
  const port = await options.choosePort(kind);
  const { title, urlOn, yieldsCpu, isOptional } = engineFacts[kind];
  const dataDir = join(options.dataDir, kind);
  const start = {
    ...{ dataDir, port, binary: source.path, users: usersOf(kind, options), yieldsCpu },
    portWayOut: `stop that program, or start odograph up again: it then takes another port for ${title}`,
  };
  const owner = credentialsOf(dataDir);
  let hasStarted = false;
  const launch = async (_signal: AbortSignal, wasUp: boolean) => {
    if (wasUp && !isDataOf(kind, dataDir, owner)) throw goneFault(title, dataDir);
    const engine = await startEngine(kind, start).catch((error: unknown) => {
      throw hasStarted ? error : asRefusal(error);
    });
    hasStarted = true;
    const endpoint = maskPassword(engine.url);
    return { ...engine, title: `${title} ${source.version ?? ''}`.trim(), endpoint };
  };
  const process = new SupervisedProcess({
    ...{ ...options, name: kind, launch },
    ...(isOptional && { onGivenUp: (error: unknown) => noteWithout(kind, error, options) }),
  });
  return { name: kind, url: urlOn(port, owner), port, process };
}

/** It would start empty, with other passwords than those that the services have. */
function goneFault(title: string, dataDir: string): Fault {
  const wayOut = 'put it back, or start odograph up again to begin with what is there';
  return new Fault('RULE_VIOLATED', `the data of ${title} in ${dataDir} was removed or replaced: ${wayOut}`);
}

/** An engine that ends itself at its first start would end at each: its data, its disk or its configuration is wrong. */
function asRefusal(cause: unknown): unknown {
  if (!(cause instanceof ProcessFault) || cause.exitCode === undefined) return cause;
  return new Fault('RULE_VIOLATED', cause.message, { cause });
}

/** One user for all replicas of a service. */
function usersOf(kind: EngineKind, { instances, env }: PlatformOptions): readonly EngineUser[] {
  const services = new Set(instances.map(({ service }) => service));
  const database = env[mongoSettings.database.name] || mongoSettings.database.fallback || '';
  return [...services]
    .filter(({ engines }) => engines.includes(kind))
    .map(({ name, subjects }) => ({ name, subjects, database }));
}

/** What is planned before a service. */
interface Before {
  readonly engines: readonly PlatformEngine[];
  readonly services: readonly PlatformService[];
}

async function planService(
  { name, service }: ServiceInstance,
  before: Before,
  options: PlatformOptions,
): Promise<PlatformService> {
  const { dataDir, env, partitions, choosePort } = options;
  const [grpcPort, metricsPort] = [await choosePort(name), await choosePort(`${name}-metrics`)];
  const launch = {
    ...{ name, service, dataDir },
    env: {
      // Compiling takes half of the start.
      NODE_COMPILE_CACHE: join(projectRoot, '.cache/node'),
      ...(service.folderSetting && { [service.folderSetting]: join(dataDir, name) }),
      ...env,
      ...(await engineUrls(name, service, before.engines, options)),
      ...(await addressesAsked(name, service, before.services, options)),
      ODO_GRPC_PORT: String(grpcPort),
      ODO_METRICS_PORT: String(metricsPort),
      ...(partitions !== undefined && { ODO_PARTITIONS: String(partitions) }),
    },
  };
  const process = new SupervisedProcess({
    ...options,
    name,
    launch: async (signal) => {
      // The service itself would name the settings of its ports, which are chosen here.
      await requirePort(name, grpcPort);
      await requirePort(`${name}-metrics`, metricsPort);
      return await startService(launch, signal);
    },
  });
  return { name, process, port: grpcPort, metricsPort };
}

/** The addresses of the services that a service asks, the first of each, by the settings that it reads. */
async function addressesAsked(
  instance: string,
  { asks = {} }: ServiceSpec,
  services: readonly PlatformService[],
  { between = async (_service, _server, port) => port }: PlatformOptions,
): Promise<NodeJS.ProcessEnv> {
  const addresses: NodeJS.ProcessEnv = {};
  for (const [asked, setting] of Object.entries(asks)) {
    const server = services.find(({ name }) => name === asked || name.startsWith(`${asked}-`));
    if (server) addresses[setting] = `${LOOPBACK}:${await between(instance, server.name, server.port)}`;
  }
  return addresses;
}

/** The URLs of the engines that a service needs, by the settings that it reads. */
async function engineUrls(
  instance: string,
  service: ServiceSpec,
  engines: readonly PlatformEngine[],
  { dataDir, between = async (_service, _engine, port) => port }: PlatformOptions,
): Promise<NodeJS.ProcessEnv> {
  const urls: NodeJS.ProcessEnv = {};
  for (const { name: kind, url, port } of engines) {
    if (!service.engines.includes(kind)) continue;
    const { urlVariable, urlOn } = engineFacts[kind];
    const login = () => credentialsOf(join(dataDir, kind), service.name);
    urls[urlVariable] = port === undefined ? url : urlOn(await between(instance, kind, port), login());
  }
  return urls;
}

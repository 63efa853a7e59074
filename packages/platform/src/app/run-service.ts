import { flushCompileCache } from 'node:module';
import { constants } from 'node:os';
import { type Fault, isFault, isFinal } from '@odograph/kernel/fault';
import { type ConfigOf, describeConfig, readConfig, type Settings } from '../config/config.ts';
import type { serviceSettings } from '../config/setting.ts';
import { createLogger, type Logger } from '../logger.ts';
import type { App } from './app.ts';
import type { Composition } from './compose.ts';
import { exposuresOf } from './exposure.ts';
import { watchEventLoop } from './standstill.ts';
import { type ReadyMessage, refusalMessage, type ServiceEndpoints } from './start-message.ts';

/** Every service has these settings, and these parts that listen. */
type ServiceConfig = ConfigOf<typeof serviceSettings>;
interface ServiceParts {
  readonly grpc: { readonly port: number };
  readonly metrics: { readonly port: number };
}

interface ServiceRun<S extends Settings, Parts extends ServiceParts> {
  readonly name: string;
  /** The prefix of its own settings, for example `ODO_HISTORY_`. */
  readonly ownPrefix: string;
  /** Its settings, including {@link serviceSettings}. */
  readonly settings: S & typeof serviceSettings;
  readonly compose: (config: ConfigOf<S>, logger: Logger) => Composition<Parts>;
}

/** A service that has not started. */
interface Service<Parts> {
  readonly app: App<Parts>;
  readonly logger: Logger;
  readonly config: ServiceConfig;
}

const EXIT_FAILED = 1;
/** A person must act first: another start ends in the same way. */
const EXIT_REFUSED = 2;
/** How long the process waits for its own end after everything has stopped, or failed to stop. */
const LAST_MS = 1_000;

/**
 * Runs a service as this process. The main.ts of a service contains only this call.
 *
 * When the service is ready, it sends a {@link ReadyMessage} to its parent over IPC, or without a parent writes it to stdout.
 * If only a person can make it start, it writes why to stderr, and sends a {@link RefusalMessage} to its parent.
 * It drains on SIGTERM, on SIGINT, and when its parent ends. It ends at once on the same signal again, or on an uncaught error.
 * It also ends when its event loop is blocked for long, see {@link watchEventLoop}.
 * Exit codes: 0 drained, 1 failed, 2 refused to start, 70 blocked, 128 + signal if it ended at once.
 */
export async function runService<S extends Settings, Parts extends ServiceParts>(
  run: ServiceRun<S, Parts>,
): Promise<void> {
  const service = buildOrExplain(run);
  if (!service) return;
  const { app, logger, config } = service;
  exitOnUncaught(logger);
  drainOnEnd(service);
  if (config.standstillMs > 0) watchEventLoop(run.name, config.standstillMs, logger);
  try {
    const { grpc, metrics } = await app.start();
    sendReady({ grpc: endpoint(config.grpc, grpc), metrics: endpoint(config.metrics, metrics) }, logger);
  } catch (err) {
    // A stop during the start is not a failure. The drain ends the process.
    if (app.state !== 'running' && app.state !== 'failed') return;
    // The app puts the name of the part before the words of the part.
    const reason = isFault(err) && isFinal(err.cause) ? err.cause : err;
    if (isFinal(reason)) return refuse(run.name, reason);
    logger.error({ err }, 'the service did not start');
    endProcess(EXIT_FAILED);
  }
  // Node writes the code cache at a regular exit only, so a service that is always killed would have none.
  flushCompileCache();
}

function buildOrExplain<S extends Settings, Parts extends ServiceParts>({
  name,
  ownPrefix,
  settings,
  compose,
}: ServiceRun<S, Parts>): Service<Parts> | undefined {
  try {
    const config = readConfig(settings, process.env, ownPrefix);
    const logger = createLogger(name, config.log.level);
    const described = describeConfig(settings, config);
    logger.info({ settings: described }, 'starting');
    const exposed = exposuresOf(described);
    if (exposed.length > 0) logger.warn({ exposed }, 'there are no identities yet: see SECURITY.md');
    return { app: compose(config, logger).build(), logger, config };
  } catch (err) {
    if (isFinal(err)) refuse(name, err);
    else {
      createLogger(name, 'error').error({ err }, 'the service could not be built');
      process.exitCode = EXIT_FAILED;
    }
    return undefined;
  }
}

function refuse(name: string, fault: Fault): void {
  process.stderr.write(`${name}: ${fault.message}\n`);
  const end = () => endProcess(EXIT_REFUSED);
  if (process.send) process.send(refusalMessage(fault), undefined, {}, end);
  else end();
}

function endpoint({ host }: { readonly host: string }, { port }: { readonly port: number }): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function sendReady(endpoints: ServiceEndpoints, logger: Logger): void {
  logger.info({ endpoints }, 'ready');
  const message: ReadyMessage = { ready: true, endpoints };
  if (!process.send) process.stdout.write(`${JSON.stringify(message)}\n`);
  else
    process.send(
      message,
      undefined,
      {},
      (err) => err && logger.warn({ err }, 'the parent process is not listening'),
    );
}

/** After an uncaught error or an unhandled rejection the state of the process is unknown, so it ends and is restarted. */
function exitOnUncaught(logger: Logger): void {
  process.on('uncaughtException', (err, origin) => {
    logger.error({ err, origin }, 'uncaught error');
    process.exit(EXIT_FAILED);
  });
}

function drainOnEnd(service: Service<unknown>): void {
  let isDraining = false;
  const drainFor = (why: string) => {
    if (isDraining) return;
    isDraining = true;
    void drain(service, why);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      // Only the same signal counts as impatience: Ctrl-C reaches the whole process group, and the parent then sends SIGTERM too.
      process.once(signal, () => process.exit(128 + constants.signals[signal]));
      drainFor(signal);
    });
  }
  if (process.send) process.once('disconnect', () => drainFor('the parent process is gone'));
}

async function drain({ app, logger, config: { drainMs } }: Service<unknown>, why: string): Promise<void> {
  logger.info({ why, drainMs }, 'draining');
  const giveUp = () => {
    logger.error({ drainMs }, 'the drain took too long');
    process.exit(EXIT_FAILED);
  };
  setTimeout(giveUp, drainMs + LAST_MS).unref();
  try {
    await app.stop(drainMs);
    logger.info({ state: app.state }, 'drained');
    endProcess(app.state === 'failed' ? EXIT_FAILED : 0);
  } catch (err) {
    logger.error({ err }, 'the drain failed');
    endProcess(EXIT_FAILED);
  }
}

/** Lets the process end by itself, and ends it after a second if something keeps it alive. */
function endProcess(code: number): void {
  process.exitCode = code;
  process.channel?.unref();
  setTimeout(() => process.exit(), LAST_MS).unref();
}

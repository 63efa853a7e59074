import { join } from 'node:path';
import { findFreePort } from '@odograph/engines/free-port';
import { projectRoot } from '@odograph/engines/project-paths';
import { type ServiceChild, startService } from './service-child.ts';
import type { ServiceSpec } from './services.ts';

export interface ServiceSurroundings {
  readonly dataDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly urls: Readonly<Record<'nats' | 'mongo', string>>;
  readonly partitions: number;
  readonly port: number | undefined;
}

/** How to start a service; again means on the same ports. */
export async function planService(
  { name, main, standsBack }: ServiceSpec,
  { dataDir, env, urls, partitions, port }: ServiceSurroundings,
): Promise<(signal: AbortSignal) => Promise<ServiceChild>> {
  const [grpcPort, metricsPort] = await Promise.all([port ?? findFreePort(), findFreePort()]);
  const launch = {
    name,
    main,
    standsBack,
    env: {
      // Half of the time to start is compiling.
      NODE_COMPILE_CACHE: join(projectRoot, '.cache/node'),
      ...env,
      ODO_NATS_URL: urls.nats,
      ODO_MONGO_URL: urls.mongo,
      ODO_GRPC_PORT: String(grpcPort),
      ODO_METRICS_PORT: String(metricsPort),
      ODO_PARTITIONS: String(partitions),
    },
    logFile: join(dataDir, `${name}.log`),
    pidFile: join(dataDir, `${name}.pid`),
  };
  return (signal) => startService(launch, signal);
}

import type { Note } from '@odograph/engines/candidate';
import { maskPassword } from '@odograph/platform/config/setting';
import { type PlatformEngine, planEngine } from './engine-part.ts';
import type { Roster } from './roster.ts';
import { planService, type ServiceSurroundings } from './service-part.ts';
import type { ServiceSpec } from './services.ts';

export interface PlatformOptions {
  readonly dataDir: string;
  readonly services: readonly ServiceSpec[];
  /** The port of a service, by its name. Default: a free one. */
  readonly ports: Readonly<Record<string, number | undefined>>;
  readonly partitions: number;
  readonly env: NodeJS.ProcessEnv;
  readonly note: Note;
}

/**
 * Starts the engines, then each service once those before it can be used.
 * @throws Fault UNAVAILABLE when a part cannot be had or does not come up, with its last log lines; CANCELLED when the
 * roster was stopped meanwhile.
 */
export async function startPlatform(options: PlatformOptions, roster: Roster): Promise<void> {
  const [nats, mongo] = await Promise.all([
    startEngine('nats', options, roster),
    startEngine('mongo', options, roster),
  ]);
  for (const service of options.services) {
    const port = options.ports[service.name];
    await startService(service, { ...options, urls: { nats, mongo }, port }, roster);
  }
}

/** @returns its URL. */
async function startEngine(
  kind: PlatformEngine,
  { dataDir, env, note }: PlatformOptions,
  roster: Roster,
): Promise<string> {
  const plan = await planEngine(kind, dataDir, env, note);
  if (plan.isElsewhere) {
    roster.state.endpoints[kind] = maskPassword(plan.url);
    return plan.url;
  }
  let url = '';
  await roster.add({
    name: kind,
    start: plan.start,
    introduce: (engine, { endpoints }) => {
      url = engine.url;
      endpoints[kind] = url;
      return `${plan.title} is up: ${url}`;
    },
  });
  return url;
}

async function startService(
  service: ServiceSpec,
  surroundings: ServiceSurroundings,
  roster: Roster,
): Promise<void> {
  const { name } = service;
  await roster.add({
    name,
    start: await planService(service, surroundings),
    introduce: (child, { endpoints, metrics }) => {
      endpoints[name] = child.endpoints.grpc;
      metrics[name] = child.endpoints.metrics;
      return `${name} is up: ${child.endpoints.grpc}`;
    },
  });
}

import { join } from 'node:path';
import { credentialsOf, OWNER } from './credentials.ts';
import type { EnginePlan, EngineUser, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { writePrivate } from './private-files.ts';
import { ask } from './tcp-ask.ts';

/** A NATS server with JetStream. It fsyncs a message before it acknowledges it. */
export function natsPlan(input: PlanInput): EnginePlan {
  const configFile = join(input.dataDir, 'nats.conf');
  writePrivate(configFile, natsConfig(input));
  return { args: ['--config', configFile], isReady: () => isNatsReady(input.port) };
}

/** A JSON value is also a value in the NATS configuration language. */
function natsConfig({ dataDir, port, users }: PlanInput): string {
  const logins = [credentialsOf(dataDir, OWNER), ...users.map((user) => loginOf(dataDir, user))];
  return `# Written at every start.
listen: "${LOOPBACK}:${port}"
server_name: odograph
max_payload: 1MB
authorization {
  users: ${JSON.stringify(logins)}
}
jetstream {
  store_dir: ${JSON.stringify(dataDir)}
  # Acknowledged means on disk: fsync before every acknowledgement.
  sync_interval: always
}
`;
}

function loginOf(dataDir: string, { name, subjects }: EngineUser): object {
  return { ...credentialsOf(dataDir, name), permissions: subjects };
}

/** The server sends INFO to every client; it listens only after JetStream has recovered its streams. */
async function isNatsReady(port: number): Promise<boolean> {
  const greeting = await ask(port, '');
  return greeting.startsWith('INFO ') && greeting.includes('"jetstream":true');
}

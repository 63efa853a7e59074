import { join } from 'node:path';
import { type Credentials, credentialsOf } from './credentials.ts';
import type { EnginePlan, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { writePrivate } from './private-files.ts';
import { ask } from './tcp-ask.ts';

/** A Redis server that stores nothing on disk: it is a cache. */
export function redisPlan({ dataDir, port, users }: PlanInput): EnginePlan {
  const owner = credentialsOf(dataDir);
  const others = users.map(({ name }) => credentialsOf(dataDir, name));
  const configFile = join(dataDir, 'redis.conf');
  writePrivate(configFile, redisConfig(port, dataDir, owner, others));
  return {
    args: [configFile],
    isReady: async () => (await ask(port, `AUTH ${owner.user} ${owner.password}\r\n`)).startsWith('+OK'),
  };
}

/** What is in it can be loaded again, so what was used longest ago may leave. */
const MAX_MEMORY = '256mb';

/** A JSON string is also a string in this file. Services cannot change or empty the server. */
function redisConfig(
  port: number,
  dataDir: string,
  { user, password }: Credentials,
  others: readonly Credentials[],
): string {
  const services = others.map(
    (each) => `user ${each.user} on >${each.password} ~odograph:* &* +@all -@admin -@dangerous +info\n`,
  );
  return `# Written at every start.
port ${port}
bind ${LOOPBACK}
dir ${JSON.stringify(dataDir)}
user default off
user ${user} on >${password} ~* &* +@all
${services.join('')}maxmemory ${MAX_MEMORY}
maxmemory-policy allkeys-lru
save ""
appendonly no
# Its command line identifies it after its owner has died.
set-proc-title no
`;
}

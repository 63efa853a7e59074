import { join } from 'node:path';
import { type Credentials, credentialsOf } from './credentials.ts';
import type { EnginePlan, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { writePrivate } from './private-files.ts';
import { ask } from './tcp-ask.ts';

/** A Redis server that stores nothing on disk: it is a cache. */
export function redisPlan({ dataDir, port }: PlanInput): EnginePlan {
  const owner = credentialsOf(dataDir);
  const configFile = join(dataDir, 'redis.conf');
  writePrivate(configFile, redisConfig(port, dataDir, owner));
  return {
    args: [configFile],
    isReady: async () => (await ask(port, `AUTH ${owner.user} ${owner.password}\r\n`)).startsWith('+OK'),
  };
}

/** A JSON string is also a string in this file. */
function redisConfig(port: number, dataDir: string, { user, password }: Credentials): string {
  return `# Written at every start.
port ${port}
bind ${LOOPBACK}
dir ${JSON.stringify(dataDir)}
user default off
user ${user} on >${password} ~* &* +@all
save ""
appendonly no
# Its command line identifies it after its owner has died.
set-proc-title no
`;
}

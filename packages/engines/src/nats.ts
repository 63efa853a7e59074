import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EnginePlan, PlanInput } from './engine-kind.ts';
import { LOOPBACK } from './free-port.ts';
import { ask } from './tcp-ask.ts';

/** A NATS server with JetStream. It fsyncs a message before it acknowledges it. */
export function natsPlan({ dataDir, port }: PlanInput): EnginePlan {
  const configFile = join(dataDir, 'nats.conf');
  writeFileSync(configFile, natsConfig(dataDir, port));
  return { args: ['--config', configFile], isReady: () => isNatsReady(port) };
}

/** A JSON string is also a string in the NATS configuration language. */
function natsConfig(dataDir: string, port: number): string {
  return `# Written at every start.
listen: "${LOOPBACK}:${port}"
server_name: odograph
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(dataDir)}
  # Acknowledged means on disk: fsync before every acknowledgement.
  sync_interval: always
}
`;
}

/** The server sends INFO to every client; it listens only after JetStream has recovered its streams. */
async function isNatsReady(port: number): Promise<boolean> {
  const greeting = await ask(port, '');
  return greeting.startsWith('INFO ') && greeting.includes('"jetstream":true');
}

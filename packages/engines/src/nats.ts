import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningEngine } from './engine-process.ts';
import { LOOPBACK } from './free-port.ts';
import { type StartOptions, startEngine } from './start-engine.ts';
import { ask } from './tcp-ask.ts';

/** Starts a NATS server with JetStream: on loopback, and an acknowledged message is fsynced. */
export async function startNats(options: StartOptions): Promise<RunningEngine> {
  return await startEngine('nats', options, (dataDir, port) => {
    const configFile = join(dataDir, 'nats.conf');
    writeFileSync(configFile, natsConfig(dataDir, port));
    return {
      args: ['--config', configFile],
      url: `nats://${LOOPBACK}:${port}`,
      isReady: () => isNatsReady(port),
    };
  });
}

/** JSON strings are strings of the NATS configuration language too. */
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

/** The server greets every client with what it is; it listens only once JetStream has recovered its streams. */
async function isNatsReady(port: number): Promise<boolean> {
  const greeting = await ask(port, '');
  return greeting.startsWith('INFO ') && greeting.includes('"jetstream":true');
}

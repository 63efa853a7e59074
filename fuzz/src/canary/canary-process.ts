/** The process of the canary. Its parent forks it, sends a `CanaryCommand`, and waits for a `CanaryReply` to each. */
import { createClient } from '@odograph/client';
import { invariant } from '@odograph/kernel/fault';
import { measureLag, type OurProcesses } from '../lag.ts';
import { type Canary, type CanaryTarget, startCanary } from './canary.ts';
import type { CanaryCommand, CanaryReply } from './messages.ts';
import type { Operation } from './stopwatch.ts';

let canary: Canary | undefined;
let operations: Operation[] = [];
let processes: OurProcesses = { services: [], all: [] };

function start(target: CanaryTarget): Canary {
  const client = createClient({ ...target, maxAttempts: 1 });
  const onOperation = (operation: Operation) => void operations.push(operation);
  return startCanary({ target, client, lag: measureLag(() => processes), onOperation });
}

async function obey(command: CanaryCommand): Promise<CanaryReply> {
  processes = command.processes;
  if (command.kind === 'start') canary = start(command.target);
  invariant(canary, 'the canary starts first');
  if (command.kind === 'settle') await canary.settle();
  if (command.kind === 'stop') await canary.stop();
  const reply = { operations };
  operations = [];
  return command.kind === 'stop' ? { ...reply, acknowledged: [...canary.acknowledged] } : reply;
}

process.on('message', (command: CanaryCommand) => {
  void obey(command).then((reply) => process.send?.(reply));
});
process.once('disconnect', () => process.exit());
// Ctrl-C reaches the parent, which judges first.
process.on('SIGINT', () => undefined);

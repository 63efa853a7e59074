/** The process of the canary. Its parent sends a `CanaryCommand`, and waits for a `CanaryReply` to each. */
import { Canary, type CanaryTarget, type Operation } from './canary.ts';
import { measureLag, type PlatformPids } from './lag.ts';

/** To finish what is under way, or to stop. */
export interface CanaryCommand {
  readonly pids: PlatformPids;
  readonly isLast: boolean;
}

export interface CanaryReply {
  /** Operations since the last reply. */
  readonly operations: readonly Operation[];
  /** Each acknowledged report, and where it is in the log; with the last reply. */
  readonly acknowledged: Readonly<Record<string, string>>;
}

let pids: PlatformPids = { services: [], engines: [] };
const target: CanaryTarget = JSON.parse(process.argv[2] ?? '');
const canary = new Canary(
  target,
  measureLag(() => pids),
);

process.on('message', async (command: CanaryCommand) => {
  pids = command.pids;
  await (command.isLast ? canary.stop() : canary.settle());
  const acknowledged = command.isLast ? canary.acknowledged : {};
  process.send?.({ operations: canary.operations.splice(0), acknowledged } satisfies CanaryReply);
});
process.once('disconnect', () => process.exit());
// Ctrl-C reaches the parent, which judges first.
process.on('SIGINT', () => undefined);

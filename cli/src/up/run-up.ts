import { runPlatform, type UpOptions } from '@odograph/cluster/up';
import type { UpState } from '@odograph/cluster/up-state';
import type { Note } from '@odograph/engines/candidate';
import { killOwned } from '@odograph/engines/owned-process';
import { EXIT } from '../terminal/exit-codes.ts';

/**
 * Runs the platform until Ctrl-C or another stop signal; a second signal kills all processes at once.
 * @param whileUp as that of {@link runPlatform}.
 * @throws Fault as {@link runPlatform} does.
 */
export async function runUp(
  options: UpOptions,
  whileUp: (state: UpState, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { signal, forget } = onStopSignals(options.note);
  try {
    await runPlatform(options, signal, whileUp);
    options.note(`stopped; the data stays in ${options.dataDir}`);
  } finally {
    forget();
  }
}

/** Ctrl-C, `kill`, and a closed terminal. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function onStopSignals(note: Note): { signal: AbortSignal; forget: () => void } {
  const stopping = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) endAtOnce();
    // The terminal shows ^C where the cursor is.
    if (name === 'SIGINT' && process.stderr.isTTY) process.stderr.write('\n');
    note(name === 'SIGINT' ? 'stopping; press Ctrl-C again to end all processes at once' : 'stopping');
    stopping.abort();
  };
  for (const name of stopSignals) process.on(name, stop);
  const forget = () => {
    for (const name of stopSignals) process.off(name, stop);
  };
  return { signal: stopping.signal, forget };
}

function endAtOnce(): never {
  killOwned();
  process.exit(EXIT.interrupted);
}

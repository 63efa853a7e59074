import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from '@odograph/cluster/data-lock';
import { type PlatformOptions, startPlatform } from '@odograph/cluster/platform';
import { createRoster } from '@odograph/cluster/roster';
import type { UpState } from '@odograph/cluster/state-file';
import type { Note } from '@odograph/engines/candidate';
import { isSystemError } from '@odograph/engines/errno';
import { killOwned } from '@odograph/engines/owned-process';
import { EXIT } from '../terminal/exit-codes.ts';

/**
 * Runs the platform until a signal ends it, in order: services first, engines last. A second signal ends all at once.
 * @param whileUp called once everything is up; its signal tells it to end. It may end before: the platform goes on.
 * @throws Fault when the platform does not start or stay up; RULE_VIOLATED when the data directory is in use.
 */
export async function runUp(
  options: PlatformOptions,
  whileUp: (state: UpState, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const unlock = lockDataDir(options.dataDir);
  const note = alsoIntoLog(options.note, join(options.dataDir, 'up.log'));
  const { signal, forget } = onStopSignals(note);
  const stopped = new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
  const roster = createRoster(options.dataDir, note);

  async function run(): Promise<void> {
    await startPlatform({ ...options, note }, roster);
    if (!signal.aborted) await whileUp(roster.state, signal);
    await stopped;
  }

  try {
    await Promise.race([run(), roster.failed, stopped]);
  } finally {
    await roster.stop();
    forget();
    unlock();
  }
}

/** A live view on the terminal leaves no room for lines: the log keeps them. */
function alsoIntoLog(note: Note, file: string): Note {
  return (line) => {
    note(line);
    try {
      appendFileSync(file, `${new Date().toISOString()} ${line}\n`);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      note(`${file} cannot be written: ${error.message}`);
    }
  };
}

/** Ctrl-C, `kill`, and a terminal that is closed. */
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function onStopSignals(note: Note): { signal: AbortSignal; forget: () => void } {
  const stopping = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (stopping.signal.aborted) endAtOnce();
    note(name === 'SIGINT' ? 'stopping; Ctrl-C again ends everything at once' : 'stopping');
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

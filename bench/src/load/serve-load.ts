import { createAsks } from './asks.ts';
import { createDrive } from './drive.ts';
import type { Load, LoadCommand, LoadOptions, LoadReply } from './load.ts';
import { createStreams } from './streams.ts';
import { createUsers } from './users.ts';
import { createWorkers, type Workers } from './workers.ts';

/** Runs a load in this process: follows the commands of the parent, and ends when it disconnects. */
export async function serveLoad(options: LoadOptions): Promise<void> {
  const load = await createLoad(options);
  const workers = createWorkers(load.work);
  process.on('message', (command: LoadCommand) => process.send?.(follow(command, workers, load)));
  process.once('disconnect', async () => {
    await workers.close();
    await load.close();
  });
  const ready: LoadReply = {};
  process.send?.(ready);
}

async function createLoad(options: LoadOptions): Promise<Load> {
  if (options.kind === 'drive') return await createDrive(options);
  if (options.kind === 'asks') return createAsks(options);
  return options.kind === 'users' ? createUsers(options) : createStreams(options);
}

function follow(command: LoadCommand, workers: Workers, { recorder }: Load): LoadReply {
  if (command === 'end') return { measured: recorder.end() };
  if (command === 'begin') recorder.begin();
  else workers.resize(command.workers);
  return {};
}

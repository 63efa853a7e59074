import type { LoadCommand, LoadPart, LoadPartOptions, LoadReply } from './load-part.ts';
import { createStreams } from './streams.ts';
import { createUsers } from './users.ts';

/** Does what the parent says until it lets go. */
export function servePart(options: LoadPartOptions): void {
  const part = options.kind === 'users' ? createUsers(options) : createStreams(options);
  process.on('message', (command: LoadCommand) => process.send?.(follow(part, command)));
  process.once('disconnect', () => void part.close());
}

function follow(part: LoadPart, command: LoadCommand): LoadReply {
  if ('resize' in command) part.resize(command.resize);
  else if (command.measure === 'begin') part.begin();
  else return { measured: part.end() };
  return {};
}

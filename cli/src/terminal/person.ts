import { userInfo } from 'node:os';
import { Fault } from '@odograph/kernel/fault';
import type { Command } from 'commander';
import { textArgument } from './arguments.ts';

/** The option of a command that decides. */
export interface PersonOptions {
  readonly by?: string;
}

export function withPerson(command: Command): Command {
  return command.option(
    '--by <name>',
    'who decides (default: the user of the operating system)',
    textArgument,
  );
}

/** Who decides. Throws a Fault INVALID_INPUT if that is not known. */
export function personOf({ by }: PersonOptions): string {
  if (by !== undefined) return by;
  try {
    return userInfo().username;
  } catch (cause) {
    // A container may run with a user id that has no name.
    throw new Fault('INVALID_INPUT', 'the user of the operating system has no name: add --by NAME', {
      cause,
    });
  }
}

import { spawnSync } from 'node:child_process';

let prefix: readonly string[] | undefined;

/**
 * The prefix of a command line that makes the kernel end the process when its parent dies, even by kill -9.
 * Empty on a system without this; there the next start ends what is left, by its pid file.
 */
export function endWithParent(): readonly string[] {
  prefix ??= probe();
  return prefix;
}

/** setpriv (util-linux) sets PR_SET_PDEATHSIG, see prctl(2), and then executes the command. */
function probe(): readonly string[] {
  const command = ['setpriv', '--pdeathsig', 'TERM'] as const;
  if (process.platform !== 'linux') return [];
  const [program, ...args] = command;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? command : [];
}

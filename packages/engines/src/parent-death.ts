import { spawnSync } from 'node:child_process';

let prefix: readonly string[] | undefined;

/**
 * The command to put before another one so that the kernel ends it when its parent dies, even by kill -9.
 * Empty where the system has no such thing; what is left behind there is ended at the next start, by its pid file.
 */
export function endWithParent(): readonly string[] {
  prefix ??= probe();
  return prefix;
}

/** setpriv is a part of util-linux; it sets PR_SET_PDEATHSIG, see prctl(2), and becomes the command. */
function probe(): readonly string[] {
  const command = ['setpriv', '--pdeathsig', 'TERM'] as const;
  if (process.platform !== 'linux') return [];
  const [program, ...args] = command;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0 ? command : [];
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { signal } from '@odograph/engines/process-identity';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startHistory } from './history.fixture.ts';

const ODOGRAPH = fileURLToPath(new URL('../bin/odograph.mjs', import.meta.url));
/** Lets the launcher believe that its Node is too old, so that it runs the program with that of the project. */
const OLD_NODE =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})';
/** Runs its arguments on a terminal of their own, to which it passes its input. */
const ON_A_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

let history: Awaited<ReturnType<typeof startHistory>>;
beforeAll(async () => {
  history = await startHistory();
});
afterAll(() => history.stop());

/** Follows the log with an old Node, until the first event is there. */
async function tail(...before: readonly string[]) {
  const command = [...before, process.execPath, '--import', OLD_NODE, ODOGRAPH, 'log', 'tail'];
  const [program = '', ...args] = [...command, '--json', '--endpoint', history.endpoint];
  // Without the terminal that runs the tests.
  const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // The launcher, and what it has started if that is left.
  onTestFinished(() => signal(-(child.pid ?? 0), 'SIGKILL'));
  await once(child.stdout, 'data');
  return { child, ended };
}

test.each([
  ['SIGINT', [0, null]],
  ['SIGTERM', [0, null]],
  ['SIGHUP', [null, 'SIGHUP']],
] as const)(
  'a command that an old Node started gets %s of a supervisor, and its end is passed on',
  async (name, end) => {
    const { child, ended } = await tail();
    child.kill(name);
    expect(await ended).toEqual(end);
  },
);

test('Ctrl-C on a terminal reaches a command that an old Node started once, so that it ends in order', async () => {
  const { child, ended } = await tail('python3', '-c', ON_A_TERMINAL);
  child.stdin.write('\x03');
  expect(await ended).toEqual([0, null]);
});

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ODOGRAPH = fileURLToPath(new URL('../bin/odograph.mjs', import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A command that runs it, and its arguments. */
  readonly under?: readonly string[];
  /** `stays open` sends one line that is not JSON, and no end. */
  readonly input?: string | 'stays open';
  /** Called with all output so far; the process gets the signal that it returns. */
  readonly onStdout?: (stdout: string) => NodeJS.Signals | 'stop reading' | undefined;
  /** The same for stderr. */
  readonly onStderr?: (stderr: string) => NodeJS.Signals | undefined;
}

/** Runs the real command line in another process, which does not see a platform that runs on this machine. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const { env = {}, under = [], input = '', onStdout, onStderr } = options;
  const [command, ...before] = [...under, process.execPath, ODOGRAPH] as const;
  const child = spawn(command as string, [...before, ...args], {
    env: { PATH: process.env['PATH'], ODO_DATA_DIR: '/nonexistent', ...env },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    const wish = onStdout?.(stdout);
    if (wish === 'stop reading') child.stdout.destroy();
    else if (wish) child.kill(wish);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    const wish = onStderr?.(stderr);
    if (wish) child.kill(wish);
  });
  if (input === 'stays open') child.stdin.write('no JSON\n');
  else child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The lines of JSON in an output. */
export function jsonLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it: the program itself is TypeScript, which Node 24 runs directly.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const projectNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

// grpc-js prints headers as a server sent them, with what they do to a terminal.
process.env.GRPC_VERBOSITY ??= 'NONE';

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  // Halves the start-up time from the second start on.
  nodeModule.enableCompileCache();
  await import('../src/main.ts');
} else if (existsSync(projectNode) && !process.env.ODO_NODE_FOUND) {
  runAgainWith(projectNode);
} else {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  process.stderr.write(
    `odograph needs Node ${NEEDED_MAJOR} or newer, but this is ${process.versions.node}: ` +
      `run "make setup" in ${project}, which installs it\n`,
  );
  process.exitCode = 1;
}

/** Runs the same command with a newer Node, forwards signals, and exits with its exit code. */
function runAgainWith(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit', env: { ...process.env, ODO_NODE_FOUND: node } });
  process.on('SIGINT', () => {
    // The terminal sends Ctrl-C to both processes, and a second SIGINT would not let the child finish.
    if (!isInForeground()) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`odograph cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

/** Whether Ctrl-C in the terminal reaches this process; where the kernel does not tell, it may. */
function isInForeground() {
  const stat = '/proc/self/stat';
  if (!existsSync(stat)) return true;
  // After the name in parentheses: state, parent, process group, session, terminal, its foreground group.
  const [, , group, , , foreground] = readFileSync(stat, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return group === foreground;
}

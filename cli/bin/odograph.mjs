#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it: the program itself is TypeScript, which Node 24 runs directly.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const projectNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

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
    // The terminal sends Ctrl-C to both processes; the child decides when to exit.
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`odograph cannot start ${node}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.removeAllListeners('SIGTERM');
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

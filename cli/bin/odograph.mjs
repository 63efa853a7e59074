#!/usr/bin/env node
// Plain JavaScript for any Node that still runs: the program itself is TypeScript, which Node 24 runs as it is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const projectNode = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  // Halves the time to start from the second time on.
  nodeModule.enableCompileCache();
  await import('../src/main.ts');
} else if (existsSync(projectNode) && !process.env.ODO_NODE_FOUND) {
  runAgainWith(projectNode);
} else {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  process.stderr.write(
    `odograph needs Node ${NEEDED_MAJOR} or newer, this is ${process.versions.node}: ` +
      `run "make setup" in ${project}, which brings one along\n`,
  );
  process.exitCode = 1;
}

/** Hands everything over to a newer Node, signals too, and ends as it ends. */
function runAgainWith(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit', env: { ...process.env, ODO_NODE_FOUND: node } });
  process.on('SIGINT', () => {
    // Ctrl-C reaches both from the terminal: the program decides when it ends.
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

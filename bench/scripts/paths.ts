/** Prints the CPU time of a report of one sample in our own code, step by step, with the V8 flags of the services. */
import { fork } from 'node:child_process';
import { NODE_FLAGS } from '@odograph/platform/app/node-flags';
import { leastOf, type PathCost } from '../src/paths/cpu-time.ts';
import { doorPath } from '../src/paths/door-path.ts';
import { historyPath } from '../src/paths/history-path.ts';

const REPORTS = 60_000;
const ROUNDS = 6;

if (process.send === undefined) {
  const measuring = fork(import.meta.filename, { execArgv: [...NODE_FLAGS] });
  measuring.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} else {
  console.log(`CPU µs per report, the minimum of ${ROUNDS} rounds of ${REPORTS} reports; without engines`);
  for (const path of [doorPath(REPORTS), await historyPath(REPORTS, ROUNDS)]) {
    const rounds: PathCost[] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push(await path());
    for (const [step, micros] of Object.entries(leastOf(rounds)))
      console.log(`${micros.toFixed(1).padStart(6)}  ${step}`);
  }
}

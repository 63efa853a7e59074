/** Writes every file that is generated. */
import { execFileSync } from 'node:child_process';
import { generators, root } from './generated.ts';

for (const [what, script] of Object.entries(generators)) {
  console.log(what);
  execFileSync(process.execPath, [script], { cwd: root, stdio: 'inherit' });
}

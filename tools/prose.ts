/**
 * Checks the prose of the repository: no phrase of the word list anywhere, and Markdown with one sentence a line and no line
 * over 160 characters. Prints what it finds; the exit code is 1 when there is anything.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { proseFindings } from './prose-findings.ts';

const root = resolve(import.meta.dirname, '..');
const LEFT_OUT =
  /(^|\/)generated\/|^proto\/google\/|^bench\/results\/|^tools\/(word-list|prose-findings)|package-lock\.json$/;
const READ = /\.(md|ts|mjs|proto|yml|yaml|c|grit)$|^Makefile$/;

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => READ.test(file) && !LEFT_OUT.test(file));

let count = 0;
for (const file of files) {
  for (const { line, message } of proseFindings(file, readFileSync(resolve(root, file), 'utf8'))) {
    count += 1;
    console.log(`${file}:${line} ${message}`);
  }
}
if (count > 0) {
  console.error(`${count} places to reword`);
  process.exitCode = 1;
}

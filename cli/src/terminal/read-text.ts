import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Fault } from '@odograph/kernel/fault';

/** A whole text file, or standard input if the path is `-`. Throws a Fault INVALID_INPUT if it cannot be read. */
export async function readText(path: string): Promise<string> {
  if (path === '-') return await text(process.stdin);
  return await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code ?? cause.message;
    throw new Fault('INVALID_INPUT', `the file ${path} cannot be read (${why})`, { cause });
  });
}

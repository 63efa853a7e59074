import { readFileSync } from 'node:fs';
import { type GenericSchema, safeParse } from 'valibot';
import { isErrno } from './errno.ts';

/** What a file says that a process of the platform has written; undefined where there is none. */
export function readOwn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** A text of one's own as what it stands for; undefined where a crash or somebody else made it something else. */
export function parseOwn<T>(schema: GenericSchema<unknown, T>, text: string): T | undefined {
  const result = safeParse(schema, jsonOf(text));
  return result.success ? result.output : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

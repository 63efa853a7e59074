import { readFileSync } from 'node:fs';
import { type GenericSchema, safeParse } from 'valibot';
import { isErrno } from './errno.ts';

/** The content of a file that the platform has written; undefined if there is no such file. */
export function readOwn(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Parses JSON that the platform has written; undefined if it does not match the schema, for example after a crash. */
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

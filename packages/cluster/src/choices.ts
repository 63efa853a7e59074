import { join } from 'node:path';
import { parseOwn, readOwn } from '@odograph/engines/own-json';
import { writePrivate } from '@odograph/engines/private-files';
import * as v from 'valibot';

const choicesSchema = v.object({
  /** By the name of a process, or that of its metrics such as `history-metrics`. */
  ports: v.record(v.string(), v.number()),
  /** The size of a stream, in bytes; missing if `up` did not choose it. */
  streamMaxBytes: v.optional(v.number()),
});

/** What `odograph up` chose for a data directory; the next start chooses the same. */
export type Choices = v.InferOutput<typeof choicesSchema>;

/** The choices of the last start; none in a new directory, or if the file is damaged. */
export function readChoices(dataDir: string): Choices {
  return parseOwn(choicesSchema, readOwn(choicesFile(dataDir)) ?? '') ?? { ports: {} };
}

export function writeChoices(dataDir: string, choices: Choices): void {
  writePrivate(choicesFile(dataDir), `${JSON.stringify(choices)}\n`);
}

function choicesFile(dataDir: string): string {
  return join(dataDir, 'up.choices.json');
}

import { createHash } from 'node:crypto';
import { InvalidArgumentError } from 'commander';

const SILENCE_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function silenceIdArgument(text: string): string {
  if (SILENCE_ID.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit, such as depot-works.',
  );
}

/** An id has at most 63 characters. */
const NAME_LENGTH = 56;

/** The id of the silence for a rule and a vehicle: always the same one, so that setting it again changes it. */
export function silenceIdOf(rule: string, vehicleId: string): string {
  const name = `${rule}-${vehicleId}`.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
  // Two vehicles may differ only in what is replaced.
  const hash = createHash('sha256').update(`${rule}\n${vehicleId}`).digest('hex').slice(0, 6);
  return `${name.slice(0, NAME_LENGTH)}-${hash}`;
}

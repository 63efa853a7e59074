import * as v from 'valibot';
import { fields } from '../documents/fields.ts';
import { Secret } from './secret.ts';

/** Where secrets and certificates are read. */
export interface SecretSource {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file. It throws if the file cannot be read. */
  readonly readFile: (path: string) => string;
}

const WRITTEN = 'must be { env: NAME } or { file: path }, so that the secret is not in this file';

/** None of its findings repeats what is written: it may be the secret itself. */
export const secretIn = (source: SecretSource) =>
  v.pipe(
    fields({ env: v.optional(v.string(WRITTEN)), file: v.optional(v.string(WRITTEN)) }, WRITTEN),
    v.check(({ env, file }) => (env === undefined) !== (file === undefined), WRITTEN),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const text =
        value.env === undefined ? textOfFile(source, value.file ?? '') : source.env[value.env]?.trim();
      if (text) return new Secret(text);
      addIssue({
        message: value.env === undefined ? 'is a file that is empty or cannot be read' : 'is not set',
      });
      return NEVER;
    }),
  );

/** A file with certificates, as its text. */
export const certificatesIn = (source: SecretSource) =>
  v.pipe(
    v.string('must be the path of a file'),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const text = textOfFile(source, value);
      if (text?.includes('-----BEGIN CERTIFICATE-----')) return text;
      addIssue({ message: 'must be a file with certificates as PEM that the process can read' });
      return NEVER;
    }),
  );

function textOfFile({ readFile }: SecretSource, path: string): string | undefined {
  try {
    return readFile(path).trim();
  } catch {
    // The finding says so, at its line.
    return undefined;
  }
}

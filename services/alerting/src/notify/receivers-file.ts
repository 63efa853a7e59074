import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Fault } from '@odograph/kernel/fault';
import type { Addressee } from '../domain/notices.ts';
import { type ReceiverSettings, readReceivers } from './receiver-file.ts';

/** Throws a Fault INVALID_INPUT that names what is wrong in the file. */
export async function receiversOf(file: string): Promise<readonly ReceiverSettings[]> {
  if (file === '') return [];
  const source = { env: process.env, readFile: (path: string) => readFileSync(path, 'utf8') };
  const read = readReceivers(await readFile(file, 'utf8'), source);
  if ('receivers' in read) return read.receivers;
  const [first] = read.findings;
  const where = first ? `:${first.line}:${first.column}: ${first.field} ${first.description}` : '';
  throw new Fault('INVALID_INPUT', `${file}${where}`, { findings: read.findings });
}

export function addresseeOf(receiver: ReceiverSettings): Addressee {
  const { name, severities, groupWaitMs } = receiver;
  return { name, severities, groupWaitMs: (severity) => (severity === 'critical' ? 0 : groupWaitMs) };
}

import { resolve } from 'node:path';
import { MAX_PARTITIONS } from '@odograph/kernel/defaults';
import { type Position, parsePosition } from '@odograph/kernel/position';
import { InvalidArgumentError } from 'commander';

const ENDPOINT = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):(\d{1,5})$/;

/** `host:port`. */
export function endpointArgument(text: string): string {
  const port = Number(ENDPOINT.exec(text)?.[2]);
  if (port >= 1 && port <= 65_535) return text;
  throw new InvalidArgumentError('It must be host:port, such as 127.0.0.1:7443.');
}

/** A TCP port. */
export function portArgument(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port, from 1 to 65535.');
}

export function positionArgument(text: string): Position {
  const position = parsePosition(text);
  if (position) return position;
  throw new InvalidArgumentError('It must be partition/sequence/index, such as 0/1234/5.');
}

/** A message of a stream: a position without an index. */
export function messageArgument(text: string): Position {
  const position = parsePosition(text);
  if (position && position.index === undefined) return position;
  throw new InvalidArgumentError('It must be partition/sequence, such as 0/1234.');
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

/** How many partitions a log has. */
export function partitionsArgument(text: string): number {
  const count = Number(text);
  if (/^\d{1,5}$/.test(text) && count >= 1 && count <= MAX_PARTITIONS) return count;
  throw new InvalidArgumentError(`It must be a number of partitions, from 1 to ${MAX_PARTITIONS}.`);
}

export function partitionArgument(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a partition number, 0 or more.');
}

/** A text by which something is chosen. History takes an empty one for none, as of a shell variable that is not set. */
export function textArgument(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('It must not be blank: give a text, or leave the option out.');
}

/** A path from the working directory, made absolute. */
export function folderArgument(text: string): string {
  if (text.trim() !== '') return resolve(text);
  throw new InvalidArgumentError('It must be the path of a folder.');
}

/** Names, separated by commas. */
export function listArgument(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('It must be names, separated by commas.');
}

/** Names, separated by commas; an empty text gives none. */
export function namesArgument(text: string): readonly string[] {
  return text.trim() === '' ? [] : listArgument(text);
}

/** A version, from 0. */
export function versionArgument(text: string): number {
  const version = Number(text);
  if (/^\d{1,10}$/.test(text) && version < 2 ** 32) return version;
  throw new InvalidArgumentError('It must be a version, 0 or more.');
}

/** An option that may be given several times. */
export function repeatable<T>(
  parse: (text: string) => T,
): (text: string, earlier?: readonly T[]) => readonly T[] {
  return (text, earlier = []) => [...earlier, parse(text)];
}

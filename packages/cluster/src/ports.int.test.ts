import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { findFreePort } from '@odograph/engines/free-port';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { choosePort } from './ports.ts';

let notes: string[];
const note = (line: string) => void notes.push(line);

beforeEach(() => {
  notes = [];
});

/** A port that another program uses. */
async function takenPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  return (other.address() as AddressInfo).port;
}

test('a port that is given has priority over the usual one', async () => {
  const [given, usual] = [await findFreePort(), await findFreePort()];
  expect(await choosePort('ingest', { given: { ingest: given }, usual: { ingest: usual }, note })).toBe(
    given,
  );
  expect(await choosePort('ingest', { given: {}, usual: { ingest: usual }, note })).toBe(usual);
  expect(notes).toEqual([]);
});

test('a given port that is taken is refused with its option', async () => {
  const port = await takenPort();
  const choice = choosePort('ingest-metrics', { given: { 'ingest-metrics': port }, usual: {}, note });
  await expect(choice).rejects.toMatchObject({
    code: 'RULE_VIOLATED',
    message: `port ${port} on 127.0.0.1 is in use by another program: stop that program, or choose another port with --ingest-metrics-port`,
  });
});

test('one port for two processes is refused with both options', async () => {
  const port = await findFreePort();
  const given = { ingest: port, history: port, 'history-metrics': undefined };
  await expect(choosePort('ingest', { given, usual: {}, note })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: `--ingest-port and --history-port are both ${port}: choose another port for one of them`,
  });
});

test('in place of a usual port that is taken, another is chosen, and said', async () => {
  const port = await takenPort();
  const chosen = await choosePort('nats', { given: {}, usual: { nats: port }, note });
  expect(chosen).not.toBe(port);
  expect(notes).toEqual([`port ${port} is in use by another program: nats listens on ${chosen}`]);
});

test('a usual port that an option gives to another process is not taken twice', async () => {
  const port = await findFreePort();
  const chosen = await choosePort('history', { given: { ingest: port }, usual: { history: port }, note });
  expect(chosen).not.toBe(port);
  expect(notes).toEqual([`port ${port} is that of --ingest-port: history listens on ${chosen}`]);
});

import type { Socket } from 'node:net';
import { pause } from '@odograph/kernel/clock';
import type { Answer } from '../wire/call.ts';
import { openSocket } from '../wire/server.ts';
import { times } from './script.ts';

/** How long what is open stays open. */
export const HOLD_MS = 1_500;
/** For all that the longest of them sends, also on a slow machine. */
const READ_WITHIN_MS = 60_000;

/** Sends bytes; resolves when they have left or the connection has ended, with whether it is still open. */
export type Send = (...bytes: readonly Uint8Array[]) => Promise<boolean>;

interface Hold {
  readonly holdMs?: number;
  /** Whether the server reads all of it, before the next input. Default: no. */
  readonly isReadToEnd?: boolean;
}

/** Writes bytes to some sockets at the same time, holds them, and cuts them. */
export async function onSockets(
  ports: readonly number[],
  count: number,
  write: (send: Send, at: number) => Promise<unknown>,
  { holdMs = HOLD_MS, isReadToEnd = false }: Hold = {},
): Promise<readonly Answer[]> {
  const sockets = times(count, (at) => openSocket(ports[at % ports.length] ?? 0, undefined, true).resume());
  const written = sockets.map((socket, at) =>
    write(async (...bytes) => {
      if (!socket.destroyed) socket.write(Buffer.concat(bytes));
      while (socket.writableNeedDrain && !socket.destroyed) await pause(1);
      return !socket.destroyed;
    }, at),
  );
  await Promise.all(written);
  await pause(holdMs);
  if (isReadToEnd) await Promise.all(sockets.map(endedByServer));
  for (const socket of sockets) socket.destroy();
  return [];
}

/** Says that nothing more comes, and waits until the server has read that, but not for ever. */
async function endedByServer(socket: Socket): Promise<void> {
  const ended = new AbortController();
  socket.once('close', () => ended.abort()).end();
  if (socket.destroyed) return;
  await pause(READ_WITHIN_MS, ended.signal);
}

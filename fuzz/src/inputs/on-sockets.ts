import { pause } from '@odograph/kernel/clock';
import type { Answer } from '../wire/call.ts';
import { openSocket } from '../wire/server.ts';
import { times } from './script.ts';

/** How long what is open stays open. */
export const HOLD_MS = 1_500;

/** Sends bytes; resolves when they have left or the connection has ended, with whether it is still open. */
export type Send = (...bytes: readonly Uint8Array[]) => Promise<boolean>;

/** Writes bytes to some sockets at the same time, holds them, and cuts them. */
export async function onSockets(
  ports: readonly number[],
  count: number,
  write: (send: Send, at: number) => Promise<unknown>,
  holdMs = HOLD_MS,
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
  for (const socket of sockets) socket.destroy();
  return [];
}

import { pause } from '@odograph/kernel/clock';
import type { Answer } from '../wire/call.ts';
import { callHeaders } from '../wire/frames.ts';
import type { Server } from '../wire/server.ts';

/** Writes on one call over and over and reads nothing, until the server closes the call, or for some seconds. */
export async function pour(server: Server, path: string, timeout: string, chunk: Buffer): Promise<Answer> {
  const session = server.ownSession();
  const stream = session.request(Object.fromEntries(callHeaders(path, timeout)));
  stream.on('error', () => undefined);
  const untilMs = performance.now() + 4_000;
  while (!stream.closed && performance.now() < untilMs) if (!stream.write(chunk)) await pause(1);
  const { closed } = stream;
  session.destroy();
  return { end: closed ? 'closed' : 'neither in time', text: '' };
}

import type { ClientHttp2Session } from 'node:http2';
import { pause } from '@odograph/kernel/clock';
import { encodeRequest } from '../contract.ts';
import { frameMessage } from '../wire/call.ts';
import { callHeaders, frameOf, HELLO, opening, TYPE, windowOf } from '../wire/frames.ts';
import { HOLD_MS, onSockets } from './on-sockets.ts';
import { pour } from './pour.ts';
import { LONGEST_TEXT, MAX_STREAMS, type ServerScripts, streamId, times } from './script.ts';

export const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

/** A symbol that both servers know, and field 4 of a question of reflection. */
const SYMBOL = Buffer.from('odograph.history.v1.VehicleHistory');

/** On how many connections long hosts are asked: history takes shorter ones. */
const CONNECTIONS = { history: 36, ingest: 1, cache: 3, alerting: 3 } as const;
const LEAVES_WITHIN_MS = 1_000;

/** Asks on a new stream whose answer it does not take. Resolves when the question has left or was refused, or after a second. */
async function askUntaken(session: ClientHttp2Session, question: Buffer): Promise<void> {
  if (session.destroyed || session.closed) return;
  const stream = session.request(Object.fromEntries(callHeaders(REFLECTION, '60S')), { endStream: false });
  stream.on('error', () => undefined);
  const done = new AbortController();
  stream.resume().once('close', () => done.abort());
  stream.write(question, () => done.abort());
  await pause(LEAVES_WITHIN_MS, done.signal);
}

export const REFLECTION_SCRIPTS: ServerScripts = {
  /** What waits for the reader must not grow with what is asked. */
  async 'reflection that is not read'(server) {
    // Field 1, of 32,000 bytes: the host.
    const host = Buffer.concat([Buffer.from([0x0a, 0x80, 0xfa, 0x01]), Buffer.alloc(32_000, 'h')]);
    await pour(server, REFLECTION, '60S', frameMessage(host));
    return [];
  },
  /** An answer has the host twice. Each may wait, but what waits in all must have a bound. */
  async 'long hosts to a closed window'(server) {
    const host = 'h'.repeat(LONGEST_TEXT[server.name]);
    const question = frameMessage(encodeRequest(REFLECTION, { host }));
    const sessions = times(CONNECTIONS[server.name], () =>
      server.ownSession({ settings: { initialWindowSize: 0 } }),
    );
    for (let left = MAX_STREAMS; left > 0; left -= 1)
      await Promise.all(sessions.map((session) => askUntaken(session, question)));
    await pause(HOLD_MS);
    for (const session of sessions) session.destroy();
    return [];
  },
  /** Some bytes ask for a file and all that it imports, of 10 KB and more. */
  'reflection that is asked and read without end'(server) {
    const question = frameMessage(Buffer.concat([Buffer.from([0x22, SYMBOL.length]), SYMBOL]));
    const asks = times(100, (at) => frameOf(TYPE.DATA, 0, streamId(at), question));
    return onSockets([server.port], 20, async (send) => {
      await send(HELLO, windowOf(0, 2 ** 30));
      await send(
        ...times(100, (at) => [
          opening(streamId(at), REFLECTION, '60S'),
          windowOf(streamId(at), 2 ** 30),
        ]).flat(),
      );
      for (let left = 20; left > 0 && (await send(...asks)); ) left -= 1;
    });
  },
};

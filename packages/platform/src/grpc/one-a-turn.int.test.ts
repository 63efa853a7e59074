import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServerReflectionRequest } from '@odograph/contracts/generated/grpc/reflection/v1/reflection';
import { expect, onTestFinished, test } from 'vitest';
import { loopback } from '../loopback.fixture.ts';

const CALLS = 120;
const TURNS = 20;

/** A message of gRPC. */
function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Makes calls from an address, with the same request in each. */
async function openClient(endpoint: string, localAddress: string) {
  const { hostname: host, port } = new URL(`http://${endpoint}`);
  const createConnection = () => connectSocket({ host, port: Number(port), localAddress });
  const session = connect(`http://${endpoint}`, {
    createConnection,
    settings: { initialWindowSize: 1 << 20 },
  });
  onTestFinished(() => session.destroy());
  await once(session, 'remoteSettings');
  return (path: string, request: Buffer) => {
    const headers = { ':method': 'POST', ':path': path, te: 'trailers', 'content-type': 'application/grpc' };
    const stream = session.request(headers);
    stream.on('error', () => undefined).end(request);
    return once(stream, 'data');
  };
}

const symbol = { $case: 'fileContainingSymbol', value: 'odograph.history.v1.EventLog' } as const;
const question = ServerReflectionRequest.encode({ host: '', messageRequest: symbol }).finish();

test.each([
  ['reflection', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', question],
  ['health', '/grpc.health.v1.Health/Check', Buffer.alloc(0)],
  ['watches of health', '/grpc.health.v1.Health/Watch', Buffer.alloc(0)],
])(
  'a client that asks %s very much gets one answer in a turn of the event loop',
  async (_, path, request) => {
    const { endpoint } = await loopback({});
    const [many, one] = await Promise.all([
      openClient(endpoint, '127.0.0.2'),
      openClient(endpoint, '127.0.0.1'),
    ]);
    let answered = 0;
    const count = () => {
      answered += 1;
    };
    const asked = Array.from({ length: CALLS }, () => many(path, framed(request)).then(count));
    await one(path, framed(request));
    for (let turn = 0; turn < TURNS; turn += 1) await nextTurn();
    // Client and server share the event loop here, and an answer may be two turns on its way.
    expect(answered).toBeLessThanOrEqual(TURNS + 2);
    await Promise.all(asked);
    expect(answered).toBe(CALLS);
  },
);

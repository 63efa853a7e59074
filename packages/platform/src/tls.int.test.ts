import { once } from 'node:events';
import { createServer } from 'node:net';
import { startTestMongo, startTestNats } from '@odograph/testing/engines';
import { certificate, startTlsMongo, startTlsNats } from '@odograph/testing/tls-engines';
import { describe, expect, onTestFinished, test } from 'vitest';
import { silentLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { connectMongo } from './mongo.ts';
import { connectNats, type NatsOptions } from './nats.ts';

describe('NATS over TLS', () => {
  const OPTIONS = { name: 'test', logger: silentLogger, connectWithinMs: 300 };

  async function connects(options: Pick<NatsOptions, 'url' | 'caFile' | 'certFile' | 'keyFile'>) {
    const nats = await connectNats({ ...OPTIONS, ...options });
    await nats.connection.flush();
    await nats.drain(1_000);
  }

  test('takes a server with a certificate of the given authority, by address and by name', async () => {
    await using server = await startTlsNats();
    await connects({ url: `tls://me:right@127.0.0.1:${server.port}`, caFile: certificate('ca') });
    await connects({ url: `tls://me:right@localhost:${server.port}`, caFile: certificate('ca') });
  });

  test('refuses a wrong password, another authority and none, and plain text', async () => {
    await using server = await startTlsNats();
    const [host, caFile] = [`127.0.0.1:${server.port}`, certificate('ca')];
    await expect(connects({ url: `tls://me:wrong@${host}`, caFile })).rejects.toThrow('refuses the login');
    const other = { url: `tls://me:right@${host}`, caFile: certificate('other-ca') };
    await expect(connects(other)).rejects.toThrow(/certificate/);
    await expect(connects({ url: other.url })).rejects.toThrow(/certificate/);
    await expect(connects({ url: `nats://me:right@${host}` })).rejects.toThrow('does not answer');
  });

  test('shows the certificate of this process to a server that asks for it', async () => {
    await using server = await startTlsNats({ asksClient: true });
    const address = { url: `tls://me:right@127.0.0.1:${server.port}`, caFile: certificate('ca') };
    await connects({ ...address, certFile: certificate('client'), keyFile: certificate('client') });
    await expect(connects(address)).rejects.toThrow('does not answer');
  });

  test('says nothing to a server that offers plain text only', async () => {
    const heard: Buffer[] = [];
    const fake = createServer((socket) => {
      socket.on('data', (data) => heard.push(data)).on('error', () => undefined);
      socket.write('INFO {"server_id":"a","version":"2.15.0","max_payload":1048576,"proto":1}\r\n');
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void fake.close());
    await once(fake, 'listening');
    const { port } = fake.address() as { readonly port: number };
    await expect(connects({ url: `tls://me:right@127.0.0.1:${port}` })).rejects.toThrow('does not answer');
    const TLS_HANDSHAKE = 0x16;
    expect(heard.every(([first]) => first === TLS_HANDSHAKE)).toBe(true);
    expect(Buffer.concat(heard).toString('latin1')).not.toContain('right');

    await using plain = await startTestNats();
    const url = plain.url.replace('nats://', 'tls://');
    await expect(connects({ url, caFile: certificate('ca') })).rejects.toThrow('does not answer');
  });
});

describe('MongoDB over TLS, by the parameters of its URL', () => {
  async function connects(url: string) {
    const pool = { min: 1, max: 1, waitMs: 1_000 };
    const options = { url, pool, name: 'test', database: 'test', serverWaitMs: 1_000 };
    const mongo = await connectMongo(options, createMetrics('test').meter);
    await mongo.close();
  }

  const withCa = (ca: 'ca' | 'other-ca') => `tls=true&tlsCAFile=${encodeURIComponent(certificate(ca))}`;

  test('takes a server with a certificate of the given authority, and no other', async () => {
    await using server = await startTlsMongo();
    const url = `mongodb://127.0.0.1:${server.port}/?directConnection=true`;
    await connects(`${url}&${withCa('ca')}`);
    await expect(connects(`${url}&${withCa('other-ca')}`)).rejects.toThrow(/certificate/);
    await expect(connects(`${url}&tls=true`)).rejects.toThrow(/certificate/);
    await expect(connects(url)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('shows the certificate of this process to a server that asks for it', async () => {
    await using server = await startTlsMongo({ asksClient: true });
    const url = `mongodb://127.0.0.1:${server.port}/?directConnection=true&${withCa('ca')}`;
    await connects(`${url}&tlsCertificateKeyFile=${encodeURIComponent(certificate('client'))}`);
    await expect(connects(url)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('refuses a server that speaks plain text', async () => {
    await using server = await startTestMongo();
    await expect(connects(`${server.url}&${withCa('ca')}`)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

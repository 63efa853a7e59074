import { connect } from 'node:net';
import { LOOPBACK } from './free-port.ts';

const ANSWER_TIMEOUT_MS = 1_000;

/** Sends a text to a port on loopback and returns the first answer; empty if there is none. */
export function ask(port: number, text: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ port, host: LOOPBACK });
    const finish = (answer: string) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => finish(''));
    socket.once('connect', () => socket.write(text));
    socket.once('data', (data) => finish(data.toString('utf8')));
    socket.once('error', () => finish(''));
    socket.once('close', () => finish(''));
  });
}

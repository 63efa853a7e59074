import { connect } from 'node:net';
import { LOOPBACK } from './free-port.ts';

const ANSWER_TIMEOUT_MS = 1_000;

/** Sends a word to a port on loopback and gives the first answer; empty when nobody answers. */
export function ask(port: number, word: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect({ port, host: LOOPBACK });
    const finish = (answer: string) => {
      socket.destroy();
      done(answer);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => finish(''));
    socket.once('connect', () => socket.write(word));
    socket.once('data', (data) => finish(data.toString('utf8')));
    socket.once('error', () => finish(''));
    socket.once('close', () => finish(''));
  });
}

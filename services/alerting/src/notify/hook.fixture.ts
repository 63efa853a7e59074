import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { WebhookSettings } from './receivers/webhook.ts';
import { Secret } from './secret.ts';

export const SECRET = `whsec_${Buffer.from('a secret of twenty-four bytes').toString('base64')}`;

interface Call {
  readonly id: string;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the hook does with a call after it has read it. Undefined: it answers 204. */
type Answer = (call: Call, response: ServerResponse) => void;

/** A receiver of webhooks that counts each id once; `await using` stops it. */
export interface Hook extends AsyncDisposable {
  readonly url: string;
  readonly calls: readonly Call[];
  /** The keys of the notices that had an effect, in order. */
  readonly effects: readonly string[];
  answer: Answer | undefined;
  readonly connections: () => number;
}

export const answering = (status: number, headers: Record<string, string> = {}): Answer => {
  return (_, response) => void response.writeHead(status, headers).end();
};

export async function openHook(port = 0): Promise<Hook> {
  const [calls, effects, seen]: [Call[], string[], Set<string>] = [[], [], new Set()];
  let connections = 0;
  const hook = { answer: undefined as Answer | undefined };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = String(await buffer(request));
    const call = {
      id: String(request.headers['webhook-id']),
      path: request.url,
      headers: request.headers,
      body,
    };
    calls.push(call);
    let status = 200;
    const isRefused = () => status >= 300;
    const end = response.writeHead.bind(response);
    response.writeHead = ((code: number, ...rest: never[]) => {
      status = code;
      return end(code, ...rest);
    }) as typeof response.writeHead;
    if (hook.answer) hook.answer(call, response);
    else response.writeHead(204).end();
    // A receiver that answers an error has not taken it; one that hangs up has.
    if (!isRefused() && !seen.has(call.id)) {
      seen.add(call.id);
      effects.push(...keysIn(body));
    }
  };
  const server = createServer((request, response) => void take(request, response).catch(() => undefined));
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: listening } = server.address() as AddressInfo;
  return Object.assign(hook, {
    ...{ url: `http://127.0.0.1:${listening}/hook`, calls, effects, connections: () => connections },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export function keysIn(body: string): readonly string[] {
  const { data } = JSON.parse(body) as { data: { notices: readonly { key: string }[] } };
  return data.notices.map(({ key }) => key);
}

export function webhookTo(url: string, part: Partial<WebhookSettings> = {}): WebhookSettings {
  const allow = { allowHttp: true, allowNetworks: ['127.0.0.0/8'] };
  return { url: new Secret(url), ...allow, secrets: [new Secret(SECRET)], ...part };
}

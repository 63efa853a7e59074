import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault, type FaultCode, type Finding } from '@odograph/client/fault';
import { projectRoot } from '@odograph/engines/project-paths';

type Json = Readonly<Record<string, unknown>>;

interface Line {
  readonly id: number;
  readonly item?: Json;
  readonly end?: true;
  readonly fault?: {
    readonly code: FaultCode;
    readonly message: string;
    readonly findings: readonly Finding[];
    readonly retryAfterMs: number | null;
    readonly limit: string | null;
  };
  readonly error?: string;
}

/** The program of each client that speaks the protocol of the README. */
const PROGRAMS: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  TypeScript: [process.execPath, 'clients/typescript/src/driver.fixture.ts'],
  Python: ['clients/python/scripts/python', 'clients/python/tests/driver.py'],
};

export const LANGUAGES = Object.keys(PROGRAMS);

/** A call that is under way. Iterating it gives its items, and throws its Fault. */
export interface RunningCall<Item> extends AsyncIterable<Item> {
  /** Gives an item to the source of the call. */
  push(item: Json): void;
  /** Ends that source. */
  finish(): void;
  /** Leaves a call that follows the log, or watches statuses. */
  cancel(): void;
}

/** A client in another process. */
export interface Driver {
  start<Item = Json>(call: string, args: Json): RunningCall<Item>;
  /** The items of a call that ends by itself. */
  all<Item = Json>(call: string, args: Json): Promise<Item[]>;
  /** Its only item. */
  one<Item = Json>(call: string, args: Json): Promise<Item>;
  close(): void;
}

/** Starts the client of a language; an endpoint that is left out is not given to it. */
export function startDriver(
  language: string,
  endpoints: { ingest?: string; history?: string; cache?: string },
): Driver {
  const [program, ...args] = PROGRAMS[language] ?? ['false'];
  const { ingest = '-', history = '-', cache = '-' } = endpoints;
  const child = spawn(program, [...args, ingest, history, cache], {
    cwd: projectRoot,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const calls = new Map<number, (line: Line) => void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    calls.get(line.id)?.(line);
  });
  child.once('exit', (code) => {
    for (const [id, take] of calls) take({ id, error: `the driver ended with ${code}` });
  });
  const write = (line: Json) => child.stdin.write(`${JSON.stringify(line)}\n`);
  let lastId = 0;

  function start<Item>(call: string, callArgs: Json): RunningCall<Item> {
    lastId += 1;
    const id = lastId;
    const lines = new LineQueue();
    calls.set(id, (line) => lines.push(line));
    write({ id, call, args: callArgs });
    return {
      push: (item) => void write({ id, push: item }),
      finish: () => void write({ id, finish: true }),
      cancel: () => void write({ id, cancel: true }),
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const { item, fault, error } = await lines.next();
          if (fault) throw faultOf(fault);
          if (error !== undefined) throw new Error(error);
          if (!item) return;
          yield item as Item;
        }
      },
    };
  }

  const all = async <Item>(call: string, callArgs: Json) =>
    await Array.fromAsync(start<Item>(call, callArgs));
  return {
    start,
    all,
    async one<Item>(call: string, callArgs: Json) {
      const [item, ...more] = await all<Item>(call, callArgs);
      if (item === undefined || more.length > 0) throw new Error(`${call} gave ${more.length + 1} items`);
      return item;
    },
    close: () => void child.kill('SIGKILL'),
  };
}

function faultOf({ code, message, findings, retryAfterMs, limit }: NonNullable<Line['fault']>): Fault {
  return new Fault(code, message, {
    findings,
    retryAfterMs: retryAfterMs ?? undefined,
    limit: limit ?? undefined,
  });
}

class LineQueue {
  readonly #lines: Line[] = [];
  #wake = Promise.withResolvers<void>();

  push(line: Line): void {
    this.#lines.push(line);
    this.#wake.resolve();
  }

  async next(): Promise<Line> {
    while (this.#lines.length === 0) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    return this.#lines.shift() as Line;
  }
}

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** Messages travel as their bytes, so that no language needs a form of its own for them. */
export const encoded = <Message>(codec: Codec<Message>, message: Message): string =>
  Buffer.from(codec.encode(message).finish()).toString('base64');

export const decoded = <Message>(codec: Codec<Message>, text: string): Message =>
  codec.decode(Buffer.from(text, 'base64'));

import type { Random } from '@odograph/kernel/random';
import type { ContractMethod } from '../contract.ts';
import { FRAMING_NAMES, frame } from '../messages/framing.ts';
import { drawMessage, drawRepeated, repeatedFields } from '../messages/message.ts';
import { MUTATION_NAMES, mutate } from '../messages/mutation.ts';
import { judgeAnswers } from '../verdict/judge-answer.ts';
import type { Broken } from '../verdict/violation.ts';
import { call } from '../wire/call.ts';
import type { Target } from './input.ts';

/** What is drawn for a message, before its bytes. */
export interface MessagePlan {
  readonly method: ContractMethod;
  readonly hostility: number;
  /** One of its repeated fields is this many bytes long. */
  readonly repeatedBytes?: number;
  readonly mutation?: string;
  readonly framing: string;
  readonly deadlineMs: number;
}

const REPEATED_ODDS = 0.01;
const MUTATED_ODDS = 0.4;
const ODDLY_FRAMED_ODDS = 0.2;

export function planMessage(methods: readonly ContractMethod[], random: Random): MessagePlan {
  const method = methods[random.index(methods.length)] as ContractMethod;
  return {
    method,
    hostility: random.pick([0, 0.1, 0.5]),
    ...(random.chance(REPEATED_ODDS) && { repeatedBytes: random.pick([10_000, 60_000, 250_000, 980_000]) }),
    ...(random.chance(MUTATED_ODDS) && { mutation: random.pick(MUTATION_NAMES) }),
    framing: random.chance(ODDLY_FRAMED_ODDS) ? random.pick(FRAMING_NAMES) : 'plain',
    deadlineMs: random.pick([20, 50, 100, 300]),
  };
}

/** Such as `message to /odograph.history.v1.EventLog/Read: bits flipped, gzip`. */
export function nameOf({ method, repeatedBytes, mutation, framing }: MessagePlan): string {
  const repeated = repeatedBytes === undefined ? undefined : `${repeatedBytes} bytes of a repeated field`;
  const how = [repeated, mutation, framing].filter((each) => each !== undefined);
  return `message to ${method.server} ${method.path}: ${how.join(', ')}`;
}

/** Draws the bytes of a plan, sends them, and judges the answer. */
export async function sendMessage(
  { servers, lag }: Target,
  { method, mutation, repeatedBytes, framing, deadlineMs, hostility }: MessagePlan,
  random: Random,
): Promise<readonly Broken[]> {
  const drawing = { random, hostility };
  const repeated = repeatedFields(method.request);
  const field = repeated[random.index(repeated.length)];
  const one = drawMessage(method.request, drawing);
  const drawn =
    field && repeatedBytes !== undefined
      ? Buffer.concat([one, drawRepeated(field, drawing, repeatedBytes)])
      : one;
  const body = frame(framing, mutate(mutation, drawn, random), random);
  const answer = await call(servers[method.server].session(), lag, {
    ...body,
    path: method.path,
    deadlineMs,
  });
  return judgeAnswers(answer);
}

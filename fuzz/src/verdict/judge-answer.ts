import type { Answer } from '../wire/call.ts';
import type { Broken } from './violation.ts';

const UNKNOWN = 2;
const INTERNAL = 13;
/** A line of a stack of V8, or the place of a source file. */
const STACK = /\n\s+at |\bat .+:\d+:\d+|node_modules|\/src\//;
const SHOWN = 160;

/** What is wrong with the answers to some requests, whatever the requests were. */
export function judgeAnswers(...answers: readonly Answer[]): readonly Broken[] {
  return answers.flatMap((answer) => judge(answer) ?? []);
}

function judge({ end, status, text, tookMs, bytes }: Answer): Broken | undefined {
  if (end === 'neither in time') return notInTime(`no end after ${tookMs.toFixed(0)} ms and ${bytes} bytes`);
  const shown = JSON.stringify(text.slice(0, SHOWN));
  if (status === UNKNOWN || status === INTERNAL)
    return { rule: 'no answer is INTERNAL or UNKNOWN', detail: `status ${status}, ${shown}` };
  if (STACK.test(text)) return { rule: 'no answer shows the inside of the program', detail: shown };
  return undefined;
}

/** For what has neither an answer nor an end when its deadline is over. */
export function notInTime(detail: string): Broken {
  return { rule: 'an input is answered or closed in time', detail, isDelay: true };
}

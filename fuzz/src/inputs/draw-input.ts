import { createRandom, type Random, seedOf } from '@odograph/kernel/random';
import type { ContractMethod } from '../contract.ts';
import { FRAME_SCRIPTS } from './frame-scripts.ts';
import type { Input, Script } from './input.ts';
import { nameOf, planMessage, sendMessage } from './message-input.ts';
import { REPEATED_FIELDS } from './repeated-fields.ts';
import { SEQUENCES } from './sequences.ts';

export const SCRIPTS: readonly Script[] = [...REPEATED_FIELDS, ...FRAME_SCRIPTS, ...SEQUENCES];

/** How often an input is a script, after each of them ran once. They take seconds, a message takes a millisecond. */
const SCRIPT_ODDS = 1 / 10_000;

/**
 * The input of a number: the same alone as in a row. The first ones are the scripts, each once.
 * @param only the name of a script: then every input is this one.
 */
export function drawInput(
  methods: readonly ContractMethod[],
  seed: number,
  number: number,
  only?: string,
): Input {
  const random = createRandom(seedOf(seed, number));
  const isScript = random.chance(SCRIPT_ODDS);
  const script =
    SCRIPTS.find(({ name }) => name === only) ??
    SCRIPTS[number] ??
    (isScript ? SCRIPTS[random.index(SCRIPTS.length)] : undefined);
  return script ? scriptInput(script, number, random) : messageInput(methods, number, random);
}

function scriptInput({ name, run }: Script, number: number, random: Random): Input {
  return { number, name, isAlone: true, run: (target) => run(target, random) };
}

function messageInput(methods: readonly ContractMethod[], number: number, random: Random): Input {
  const plan = planMessage(methods, random);
  return {
    ...{ number, name: nameOf(plan), isAlone: false },
    run: (target) => sendMessage(target, plan, random),
  };
}

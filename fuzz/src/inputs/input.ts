import { createRandom, type Random, seedOf } from '@odograph/kernel/random';
import { type ContractMethod, METHODS } from '../contract.ts';
import { type Answer, call, frameMessage } from '../wire/call.ts';
import { FRAME_SCRIPTS } from './frame-scripts.ts';
import { FRAMINGS, MUTATIONS } from './hostile-bytes.ts';
import { drawMessage, drawRepeated, repeatedFields } from './message.ts';
import type { Script, Target } from './script.ts';
import { SEQUENCES } from './sequences.ts';

/**
 * One attempt to break a rule. Its number and the seed decide all of it, whatever ran before, except for the page tokens of a
 * script that takes them from the platform.
 */
export interface Input {
  readonly number: number;
  /** What it is, in a few words. */
  readonly name: string;
  /** Nothing but the canary runs beside it. */
  readonly isAlone: boolean;
  /** Resolves with what was answered. Never throws. Does the same each time, if need be under names that no run before had. */
  run(target: Target): Promise<readonly Answer[]>;
}

/** The first inputs. */
export const SCRIPTS = [...FRAME_SCRIPTS, ...SEQUENCES] as [Script, ...Script[]];

/** How often an input is a script, after each of them ran once. They take seconds, a message takes a millisecond. */
const SCRIPT_ODDS = 1 / 10_000;
const REPEATED_ODDS = 0.01;
const MUTATED_ODDS = 0.4;
const ODDLY_FRAMED_ODDS = 0.2;

export function drawInput(seed: number, number: number): Input {
  const random = createRandom(seedOf(seed, number));
  const again = () => createRandom(seedOf(seed + 1, number));
  const script = SCRIPTS[number] ?? (random.chance(SCRIPT_ODDS) ? random.pick(SCRIPTS) : undefined);
  if (script) {
    let runs = 0;
    const run = (target: Target) => {
      runs += 1;
      return script.run(target, again(), `${seed}-${number}-${runs}`);
    };
    return { number, name: script.name, isAlone: true, run };
  }
  const method = random.pick(METHODS);
  const name = `message to ${method.server}, ${method.path}`;
  return {
    number,
    name,
    isAlone: false,
    run: async (target) => [await sendMessage(target, method, again())],
  };
}

async function sendMessage(target: Target, { server, path, request }: ContractMethod, random: Random) {
  const drawing = { random, hostility: random.pick([0, 0.1, 0.5]) };
  const deadlineMs = random.pick([20, 50, 100, 300]);
  let message = drawMessage(request, drawing);
  const repeated = repeatedFields(request);
  const field = repeated[random.index(repeated.length)];
  if (field && random.chance(REPEATED_ODDS)) {
    const size = random.pick([10_000, 60_000, 250_000, 980_000]);
    message = Buffer.concat([message, drawRepeated(field, drawing, size)]);
  }
  if (random.chance(MUTATED_ODDS)) message = random.pick(MUTATIONS)(message, random);
  const body = random.chance(ODDLY_FRAMED_ODDS)
    ? random.pick(FRAMINGS)(message, random)
    : { bytes: frameMessage(message) };
  return await call(target[server].session(), { ...body, path, deadlineMs });
}

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import {
  BEAT_MS,
  EXIT_STANDSTILL,
  placeOf,
  STANDSTILL_MESSAGE,
  type Standstill,
  type StandstillWatch,
} from './standstill.ts';

// The second thread of a service: it sees when the event loop of the main thread is blocked.

const { service, limitMs, beats } = workerData as StandstillWatch;

/** A standstill is logged from this time. */
const LOGGED_MS = 1_000;
/** A native function of the main thread may be long, so no answer of it is awaited for longer. */
const ANSWER_MS = 1_000;
/** How soon the main thread is asked again to pause. */
const PAUSE_MS = 10;
const STDERR = 2;
/** Without stderr Node does not write that it waits for a debugger: the reason stays the last line. */
const EXIT = `process.getBuiltinModule('node:fs').closeSync(${STDERR}); process.exit(${EXIT_STANDSTILL})`;

let seen = 0;
let turns = 0;
let cpuBefore = process.cpuUsage();
let stack = '';
let isEnding = false;

// The timer also keeps the thread awake for the answers of the main thread.
setInterval(look, BEAT_MS);

function look(): void {
  if (isEnding) return;
  const beat = Atomics.load(beats, 0);
  if (beat === seen && beat > 0) standStill();
  else {
    if (turns * BEAT_MS >= LOGGED_MS) parentPort?.postMessage(standstill());
    [seen, turns, cpuBefore, stack] = [beat, 0, process.cpuUsage(), ''];
  }
}

function standStill(): void {
  turns += 1;
  const { blockedMs, cpuMs } = standstill();
  if (blockedMs >= limitMs && cpuMs >= limitMs / 2) void end();
  else if (blockedMs === LOGGED_MS) void keepStack();
}

function standstill(): Standstill {
  const { user, system } = process.cpuUsage(cpuBefore);
  return { blockedMs: turns * BEAT_MS, cpuMs: Math.round((user + system) / 1_000), stack };
}

/** Ends the process, whether or not the main thread answers. */
async function end(): Promise<void> {
  isEnding = true;
  const { blockedMs, cpuMs } = standstill();
  await Promise.race([keepStack(), delay(ANSWER_MS)]);
  const message = `was blocked for ${blockedMs / 1_000} s in ${placeOf(stack)}`;
  const err = { type: 'Standstill', message, stack };
  const about = { level: 'error', time: new Date().toISOString(), service, pid: process.pid };
  writeSync(STDERR, `${JSON.stringify({ ...about, blockedMs, cpuMs, err, msg: STANDSTILL_MESSAGE })}\n`);
  await Promise.race([inMainThread(EXIT), delay(ANSWER_MS)]);
  process.kill(process.pid, 'SIGKILL');
}

/** Keeps what the main thread runs, unless it has gone on before it could answer. */
async function keepStack(): Promise<void> {
  const text = await inMainThread('new Error().stack', pause);
  // The first line is the name of the error, the second the expression itself.
  if (Atomics.load(beats, 0) === seen) stack = text.split('\n').slice(2).join('\n');
}

/** Interrupts the main thread and evaluates an expression there. */
async function inMainThread(
  expression: string,
  before?: (session: Session) => Promise<void>,
): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  try {
    await before?.(session);
    const { result } = await session.post('Runtime.evaluate', { expression });
    return String(result.value);
  } finally {
    session.disconnect();
  }
}

/** Pauses the main thread in a function until the session ends. An interrupt alone may come between two microtasks. */
async function pause(session: Session): Promise<void> {
  let isPaused = false;
  session.once('Debugger.paused', () => {
    isPaused = true;
  });
  await session.post('Debugger.enable');
  // A request that finds no function is lost.
  while (!isPaused) {
    await session.post('Debugger.pause');
    await delay(PAUSE_MS);
  }
}

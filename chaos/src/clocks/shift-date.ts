/**
 * Loaded by a service before anything else (`node --import`): its time of day is the system's and so many milliseconds
 * more, as a file with its process id for a name says. Timers and the monotonic clock stay as they are, as they do where
 * the system's own clock is set.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLOCKS_FOLDER } from './service-clock.ts';

const LOOK_MS = 20;

const file = join(process.env[CLOCKS_FOLDER] ?? '', String(process.pid));
let aheadMs = 0;
setInterval(() => {
  if (existsSync(file)) aheadMs = Number(readFileSync(file, 'utf8'));
}, LOOK_MS).unref();

const now = () => SystemDate.now() + aheadMs;
const SystemDate = Date;
globalThis.Date = new Proxy(SystemDate, {
  construct(target, given, made) {
    return Reflect.construct(target, given.length === 0 ? [now()] : given, made);
  },
  apply: () => new SystemDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

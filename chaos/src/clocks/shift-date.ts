/**
 * A service loads this before its own modules (`node --import`). It shifts `Date` by the milliseconds in the file that is
 * named after the process id. Timers and the monotonic clock stay the same, as when the system's clock is set.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLOCKS_FOLDER } from './service-clock.ts';

const POLL_MS = 20;

const file = join(process.env[CLOCKS_FOLDER] ?? '', String(process.pid));
let aheadMs = 0;
setInterval(() => {
  if (existsSync(file)) aheadMs = Number(readFileSync(file, 'utf8'));
}, POLL_MS).unref();

const now = () => SystemDate.now() + aheadMs;
const SystemDate = Date;
globalThis.Date = new Proxy(SystemDate, {
  construct(target, given, made) {
    return Reflect.construct(target, given.length === 0 ? [now()] : given, made);
  },
  apply: () => new SystemDate(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});

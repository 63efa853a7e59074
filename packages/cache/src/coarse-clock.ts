/** How far the clock may be behind. Values are fresh for seconds at least. */
const RESOLUTION_MS = 5;

/**
 * Milliseconds, by a clock that only goes forward. It is read when it is asked for, and then again after 5 ms: to read it costs
 * more than to find a value in memory.
 */
export function coarseClock(): () => number {
  let [nowMs, isKnown] = [0, false];
  const forget = () => {
    isKnown = false;
  };
  return () => {
    if (isKnown) return nowMs;
    nowMs = performance.now();
    isKnown = true;
    setTimeout(forget, RESOLUTION_MS).unref();
    return nowMs;
  };
}

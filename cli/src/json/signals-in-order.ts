import { KNOWN_SIGNAL_NAMES, type Signals } from '@odograph/kernel/signal';

const PLACES: ReadonlyMap<string, number> = new Map(KNOWN_SIGNAL_NAMES.map((name, place) => [name, place]));

/** The known signals as docs/signals.md lists them, then the others by name: the same content makes the same bytes. */
export function signalsInOrder(signals: Signals): Signals {
  const placeOf = (name: string) => PLACES.get(name) ?? PLACES.size;
  const byPlace = ([a]: [string, unknown], [b]: [string, unknown]) =>
    placeOf(a) - placeOf(b) || (a < b ? -1 : 1);
  return Object.fromEntries(Object.entries(signals).sort(byPlace));
}

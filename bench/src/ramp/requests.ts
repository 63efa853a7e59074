import type { Random } from '@odograph/kernel/random';

/** What a user may ask for. */
export type UserRequest =
  | { readonly kind: 'status'; readonly vehicle: number }
  /** The samples of the last hours. */
  | { readonly kind: 'samples'; readonly vehicle: number; readonly hours: number }
  /** The page after the one seen last, or the first. */
  | { readonly kind: 'page' };

/** As with a fleet's map open: mostly one vehicle's status, now and then its day, now and then another page of all. */
const ODDS = { status: 0.7, samples: 0.2 };
const MOST_HOURS = 4;

/** The next request of a user, about one of so many vehicles. */
export function drawRequest(random: Random, vehicles: number): UserRequest {
  const drawn = random.next();
  const vehicle = random.index(vehicles);
  if (drawn < ODDS.status) return { kind: 'status', vehicle };
  if (drawn < ODDS.status + ODDS.samples) {
    return { kind: 'samples', vehicle, hours: 1 + random.index(MOST_HOURS) };
  }
  return { kind: 'page' };
}

/** From an answer to the next request: 700 ms on average, so that 1,000 users ask 1,300 times a second where answers are quick. */
export function drawThinkMs(random: Random): number {
  return random.between(400, 1_000);
}

import type { Random } from '@odograph/kernel/random';

/** A query of a user. */
export type UserRequest =
  | { readonly kind: 'status'; readonly vehicle: number }
  /** The samples of the last hours. */
  | { readonly kind: 'samples'; readonly vehicle: number; readonly hours: number }
  /** The next page of all statuses, or the first. */
  | { readonly kind: 'page' };

/** As with a map of the fleet: mostly the status of a vehicle, sometimes its last hours, sometimes a page of all. */
const SHARES = { status: 0.7, samples: 0.2 };
const MOST_HOURS = 4;

/** The next request of a user of a fleet of `vehicles` vehicles. */
export function drawRequest(random: Random, vehicles: number): UserRequest {
  const drawn = random.next();
  const vehicle = random.index(vehicles);
  if (drawn < SHARES.status) return { kind: 'status', vehicle };
  if (drawn < SHARES.status + SHARES.samples) {
    return { kind: 'samples', vehicle, hours: 1 + random.index(MOST_HOURS) };
  }
  return { kind: 'page' };
}

/** From an answer to the next request: 700 ms on average, so that 1,000 users ask 1,300 times a second if answers are quick. */
export function drawThinkMs(random: Random): number {
  return random.between(400, 1_000);
}

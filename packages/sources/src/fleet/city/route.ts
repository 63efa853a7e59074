import type { City, Road } from './city.ts';

/** The fastest way between two junctions at the speed limits (Dijkstra, 1959); empty if they are the same. */
export function fastestWay(city: City, from: number, to: number): readonly Road[] {
  const secondsTo = new Map([[from, 0]]);
  const arrivedBy = new Map<number, Road>();
  const open = new Set([from]);
  while (open.size > 0) {
    const nearest = nearestOf(open, secondsTo);
    if (nearest === to) break;
    open.delete(nearest);
    for (const road of city.roadsFrom[nearest] ?? []) {
      const seconds = (secondsTo.get(nearest) ?? 0) + road.lengthM / (road.limitKmh / 3.6);
      if (seconds >= (secondsTo.get(road.to) ?? Infinity)) continue;
      secondsTo.set(road.to, seconds);
      arrivedBy.set(road.to, road);
      open.add(road.to);
    }
  }
  return backFrom(to, arrivedBy);
}

function nearestOf(open: ReadonlySet<number>, secondsTo: ReadonlyMap<number, number>): number {
  let [nearest, least] = [-1, Infinity];
  for (const junction of open) {
    const seconds = secondsTo.get(junction) ?? Infinity;
    if (seconds < least) [nearest, least] = [junction, seconds];
  }
  return nearest;
}

function backFrom(to: number, arrivedBy: ReadonlyMap<number, Road>): Road[] {
  const way: Road[] = [];
  for (let road = arrivedBy.get(to); road; road = arrivedBy.get(road.from)) way.unshift(road);
  return way;
}

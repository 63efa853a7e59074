import CheapRuler from 'cheap-ruler';
import pointInPolygon from 'point-in-polygon-hao';
import type { Fence } from '../domain/conditions/geofence.ts';
import type { DistanceM, Location } from '../domain/location.ts';

/** An area on the map, in degrees on WGS 84 and metres. Edges are straight in latitude and longitude, as in GeoJSON. */
export type Area =
  | { readonly kind: 'circle'; readonly center: Location; readonly radiusM: number }
  /** The last corner is joined to the first. */
  | { readonly kind: 'polygon'; readonly corners: readonly Location[] }
  /** What is at most half of the width from a line. */
  | { readonly kind: 'corridor'; readonly line: readonly Location[]; readonly widthM: number };

type Point = [longitude: number, latitude: number];

/** Farther from the box around an area, the distance to the box is exact enough. */
const NEAR_M = 1_000;
/** The maximum number of places of a way at which it is looked at. */
const MAX_STEPS = 256;
const RULERS_A_DEGREE = 100;

const rulers = new Map<number, CheapRuler>();

/** Measures on the ellipsoid around a latitude. Kept, because a new one costs ten times what a measurement does. */
function rulerAt(latitude: number): CheapRuler {
  const key = Math.round(latitude * RULERS_A_DEGREE);
  let ruler = rulers.get(key);
  if (ruler === undefined) {
    ruler = new CheapRuler(key / RULERS_A_DEGREE, 'meters');
    rulers.set(key, ruler);
  }
  return ruler;
}

const pointOf = ({ latitude, longitude }: Location): Point => [longitude, latitude];

/** Right to a few per mille up to some hundred kilometres, and to less than a metre up to ten. */
export const distanceM: DistanceM = (from, to) =>
  rulerAt((from.latitude + to.latitude) / 2).distance(pointOf(from), pointOf(to));

export function fenceOf(area: Area): Fence {
  if (area.kind === 'circle') return circle(area.center, area.radiusM);
  return area.kind === 'polygon' ? polygon(area.corners) : corridor(area.line, area.widthM / 2);
}

function circle(center: Location, radiusM: number): Fence {
  return {
    depthM: (at) => radiusM - distanceM(center, at),
    isEnteredBetween: (from, to, depthM) =>
      rulerAt(center.latitude).pointToSegmentDistance(pointOf(center), pointOf(from), pointOf(to)) <=
      radiusM - depthM,
  };
}

function corridor(line: readonly Location[], halfM: number): Fence {
  const points = line.map(pointOf);
  const box = boxAround(points);
  const depthM = (at: Location) => {
    const awayM = metresFromBox(box, at);
    return halfM - (awayM > halfM + NEAR_M ? awayM : distanceToLine(points, at));
  };
  return {
    depthM,
    isEnteredBetween: (from, to, atLeastM) => isDeepOnTheWay({ from, to, atLeastM, depthM, points, halfM }),
  };
}

function polygon(corners: readonly Location[]): Fence {
  const ring = [...corners, ...corners.slice(0, 1)].map(pointOf);
  const [origin] = ring as [Point];
  // Relative to the first corner, so that the date line is nowhere near.
  const relative = ring.map(([longitude, latitude]): Point => [wrapped(longitude - origin[0]), latitude]);
  const box = boxAround(ring);
  const depthM = (at: Location) => {
    const awayM = metresFromBox(box, at);
    if (awayM > NEAR_M) return -awayM;
    const borderM = distanceToLine(ring, at);
    const isInside = pointInPolygon([wrapped(at.longitude - origin[0]), at.latitude], [relative]) !== false;
    return isInside ? borderM : -borderM;
  };
  return {
    depthM,
    isEnteredBetween: (from, to, atLeastM) =>
      isDeepOnTheWay({ from, to, atLeastM, depthM, points: ring, halfM: 0 }),
  };
}

interface Way {
  readonly from: Location;
  readonly to: Location;
  readonly atLeastM: number;
  readonly depthM: (at: Location) => number;
  /** Of the line or the border. */
  readonly points: readonly Point[];
  readonly halfM: number;
}

/** Whether a way comes so deep into an area. What it is of an area between two steps is less deep than half of a step. */
function isDeepOnTheWay({ from, to, atLeastM, depthM, points, halfM }: Way): boolean {
  const eastwards = wrapped(to.longitude - from.longitude);
  const [first, last] = partNear(boxAround(points), halfM, { from, to });
  if (first > last) return false;
  const lengthM = distanceM(from, to) * (last - first);
  const steps = Math.min(MAX_STEPS, Math.ceil(lengthM / Math.max(atLeastM / 2, 1)) + 1);
  for (let step = 0; step <= steps; step += 1) {
    const part = first + ((last - first) * step) / steps;
    const latitude = from.latitude + part * (to.latitude - from.latitude);
    if (depthM({ latitude, longitude: wrapped(from.longitude + part * eastwards) }) >= atLeastM) return true;
  }
  return false;
}

function distanceToLine(points: readonly Point[], at: Location): number {
  const point = pointOf(at);
  const ruler = rulerAt(at.latitude);
  let leastM = Number.POSITIVE_INFINITY;
  for (let index = 1; index < points.length; index += 1) {
    const [from, to] = [points[index - 1] as Point, points[index] as Point];
    leastM = Math.min(leastM, ruler.pointToSegmentDistance(point, from, to));
  }
  return leastM;
}

/** Around points that are less than half of the earth apart. Longitudes are relative to the middle. */
interface Box {
  readonly middle: number;
  readonly halfWidth: number;
  readonly south: number;
  readonly north: number;
}

function boxAround(points: readonly Point[]): Box {
  const [[origin]] = points as [Point];
  const offsets = points.map(([longitude]) => wrapped(longitude - origin));
  const [west, east] = [Math.min(...offsets), Math.max(...offsets)];
  const latitudes = points.map(([, latitude]) => latitude);
  return {
    middle: wrapped(origin + (west + east) / 2),
    halfWidth: (east - west) / 2,
    south: Math.min(...latitudes),
    north: Math.max(...latitudes),
  };
}

/** 0 inside. */
function metresFromBox({ middle, halfWidth, south, north }: Box, { latitude, longitude }: Location): number {
  const { kx, ky } = rulerAt(latitude);
  const east = Math.max(0, Math.abs(wrapped(longitude - middle)) - halfWidth) * kx;
  const up = Math.max(0, south - latitude, latitude - north) * ky;
  return Math.hypot(east, up);
}

/** The part of a way, from 0 to 1, which is at most this number of metres from a box. Its end is before its beginning if none is. */
function partNear(
  { middle, halfWidth, south, north }: Box,
  metres: number,
  { from, to }: Pick<Way, 'from' | 'to'>,
): readonly [first: number, last: number] {
  const { kx, ky } = rulerAt(Math.abs(south) > Math.abs(north) ? south : north);
  const offset = wrapped(from.longitude - middle);
  const aside = halfWidth + metres / kx;
  const [first, last] = partBetween(offset, wrapped(to.longitude - from.longitude), [-aside, aside]);
  const [from1, to1] = partBetween(from.latitude, to.latitude - from.latitude, [
    south - metres / ky,
    north + metres / ky,
  ]);
  return [Math.max(first, from1, 0), Math.min(last, to1, 1)];
}

/** When something that begins at a place and moves on evenly is between two others. */
function partBetween(
  start: number,
  movesBy: number,
  [least, most]: readonly [number, number],
): readonly [number, number] {
  if (movesBy === 0) return least <= start && start <= most ? [0, 1] : [1, 0];
  const [one, other] = [(least - start) / movesBy, (most - start) / movesBy];
  return [Math.min(one, other), Math.max(one, other)];
}

/** An angle from -180 to 180. */
function wrapped(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}

import { createRandom, type Random, seedOf } from '@odograph/kernel/random';

export interface Location {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

/** A road between two neighbouring junctions, in one direction. */
export interface Road {
  readonly from: number;
  readonly to: number;
  readonly lengthM: number;
  readonly limitKmh: number;
  readonly headingDeg: number;
  /** A vehicle inside cannot send. */
  readonly isTunnel: boolean;
  readonly hasLights: boolean;
}

/** Junctions and the roads between them; every junction can be reached from every other. */
export interface City {
  readonly junctions: readonly Location[];
  /** The roads that leave each junction. */
  readonly roadsFrom: readonly (readonly Road[])[];
}

const LINES = 13;
const LAST = LINES - 1;
const SPACING_M = 450;
const JITTER_M = 90;
const ARTERIAL_EVERY = 4;
const STREET = { limitKmh: 40, hasLights: true };
const ARTERIAL = { limitKmh: 60, hasLights: true };
const RING = { limitKmh: 80, hasLights: false };
const METRES_A_DEGREE = 111_320;
/** The streets are made up. The centre is real and far from water, so that a map shows the vehicles on land. */
const CENTRE: Location = { latitudeDeg: 48.137, longitudeDeg: 11.575 };
const LONGITUDE_SCALE = Math.cos((CENTRE.latitudeDeg * Math.PI) / 180);

/** A made-up city: a crooked grid of streets, every fourth one an arterial, a fast ring around, two tunnels. */
export function createCity(seed: number): City {
  const random = createRandom(seedOf(seed, -1));
  const junctions = Array.from({ length: LINES * LINES }, (_, at) =>
    junction(at % LINES, Math.floor(at / LINES), random),
  );
  const roadsFrom = junctions.map((_, at) => neighboursOf(at).map((to) => road(junctions, at, to)));
  return { junctions, roadsFrom };
}

/** The location at a distance along a road, in metres. */
export function locationOn(city: City, road: Road, alongM: number): Location {
  const [from, to] = [locationOf(city, road.from), locationOf(city, road.to)];
  const share = alongM / road.lengthM;
  return {
    latitudeDeg: from.latitudeDeg + (to.latitudeDeg - from.latitudeDeg) * share,
    longitudeDeg: from.longitudeDeg + (to.longitudeDeg - from.longitudeDeg) * share,
  };
}

/** The location of a junction. */
export function locationOf(city: City, junction: number): Location {
  return city.junctions[junction] ?? CENTRE;
}

/** The junction that is nearest to a location. */
export function nearestJunction({ junctions }: City, { latitudeDeg, longitudeDeg }: Location): number {
  const distances = junctions.map((each) =>
    Math.hypot(each.latitudeDeg - latitudeDeg, (each.longitudeDeg - longitudeDeg) * LONGITUDE_SCALE),
  );
  return distances.indexOf(Math.min(...distances));
}

function junction(column: number, row: number, random: Random): Location {
  const metres = (line: number) => (line - LAST / 2) * SPACING_M + random.between(-JITTER_M, JITTER_M);
  const [eastM, northM] = [metres(column), metres(row)];
  return {
    latitudeDeg: CENTRE.latitudeDeg + northM / METRES_A_DEGREE,
    longitudeDeg: CENTRE.longitudeDeg + eastM / (METRES_A_DEGREE * LONGITUDE_SCALE),
  };
}

function neighboursOf(at: number): number[] {
  const [column, row] = [at % LINES, Math.floor(at / LINES)];
  return [
    ...(row < LAST ? [at + LINES] : []),
    ...(column < LAST ? [at + 1] : []),
    ...(row > 0 ? [at - LINES] : []),
    ...(column > 0 ? [at - 1] : []),
  ];
}

function road(junctions: readonly Location[], from: number, to: number): Road {
  const [start, end] = [junctions[from] ?? CENTRE, junctions[to] ?? CENTRE];
  const northM = (end.latitudeDeg - start.latitudeDeg) * METRES_A_DEGREE;
  const eastM = (end.longitudeDeg - start.longitudeDeg) * METRES_A_DEGREE * LONGITUDE_SCALE;
  const isTunnel = isTunnelBetween(Math.min(from, to), Math.max(from, to));
  const kind = kindOf(from, to);
  return {
    ...{ from, to, isTunnel },
    lengthM: Math.hypot(northM, eastM),
    headingDeg: ((Math.atan2(eastM, northM) * 180) / Math.PI + 360) % 360,
    limitKmh: kind.limitKmh,
    hasLights: kind.hasLights && !isTunnel,
  };
}

function kindOf(from: number, to: number): typeof STREET {
  const isNorthSouth = Math.abs(to - from) === LINES;
  const line = isNorthSouth ? from % LINES : Math.floor(from / LINES);
  if (line === 0 || line === LAST) return RING;
  return line % ARTERIAL_EVERY === 0 ? ARTERIAL : STREET;
}

/** One under the middle of the fourth line from the south, one under the western ring. */
function isTunnelBetween(low: number, high: number): boolean {
  const [column, row] = [low % LINES, Math.floor(low / LINES)];
  const isNorthSouth = high - low === LINES;
  return isNorthSouth
    ? column === 0 && row >= 5 && row < 8
    : row === ARTERIAL_EVERY && column >= 4 && column < 7;
}

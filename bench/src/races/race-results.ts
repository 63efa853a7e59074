/** What is read of the JSON that vitest writes. */
export interface RaceResults {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Of one test: why the cache was wrong, in a few words; undefined if it was right. */
export type RaceOutcomes = ReadonlyMap<string, string | undefined>;

export function outcomesOf({ testResults }: RaceResults): RaceOutcomes {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return new Map(
    tests.map(({ ancestorTitles, title, status, failureMessages = [] }) => [
      [...ancestorTitles, title].join(' '),
      status === 'passed' ? undefined : failureMessages.map(reasonOf).join('; ') || status,
    ]),
  );
}

/** The first line of a failure, without what is the same in all of them. */
function reasonOf(message: string): string {
  if (/^(?:Error: )?Test timed out/.test(message)) return 'it did not end in time';
  const [first = ''] = message.split('\n');
  return first.replace(/^(?:Assertion)?Error: /, '').replace(/ \/\/ Object\.is equality$/, '');
}

/** A cache in the table, under a name of up to ten letters. */
export interface RacedCache {
  readonly name: string;
  readonly outcomes: RaceOutcomes;
}

const COLUMN = 12;

/** A row for each test of the first cache, then why a cache was wrong there, and last how often each was right. */
export function raceTable(caches: readonly [RacedCache, ...RacedCache[]]): string {
  const lines = [`${caches.map(({ name }) => name.padEnd(COLUMN)).join('')}test`];
  for (const test of caches[0].outcomes.keys()) {
    lines.push(`${caches.map((cache) => cellOf(cache, test).padEnd(COLUMN)).join('')}${test}`);
    for (const { name, outcomes } of caches) {
      const why = outcomes.get(test);
      if (why !== undefined) lines.push(`${' '.repeat(COLUMN * caches.length)}  ${name}: ${why}`);
    }
  }
  return [...lines, '', ...caches.map(sumOf)].join('\n');
}

function cellOf({ outcomes }: RacedCache, test: string): string {
  if (!outcomes.has(test)) return '-';
  return outcomes.get(test) === undefined ? 'right' : 'wrong';
}

function sumOf({ name, outcomes }: RacedCache): string {
  const right = [...outcomes.values()].filter((why) => why === undefined).length;
  return `${name} is right in ${right} of ${outcomes.size}`;
}

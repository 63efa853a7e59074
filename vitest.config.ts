import { defineConfig } from 'vitest/config';

const everywhere = [
  'packages/*/src',
  'services/*/src',
  'clients/*/src',
  'cli/src',
  'bench/src',
  'chaos/src',
  'fuzz/src',
  'tools',
];
const files = (suffix: string) => everywhere.map((folder) => `${folder}/**/*${suffix}`);
const onEngines = { globalSetup: 'packages/testing/src/engines-setup.ts', pool: 'forks' } as const;

export default defineConfig({
  test: {
    // Two: each file on engines keeps a core or two busy.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: files('.test.ts'),
          exclude: files('.{int,e2e}.test.ts'),
          pool: 'threads',
          isolate: false,
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'int',
          include: files('.int.test.ts'),
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          ...onEngines,
        },
      },
      {
        test: {
          name: 'e2e',
          include: files('.e2e.test.ts'),
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // The whole platform at a time: two at once would only slow each other down.
          fileParallelism: false,
          ...onEngines,
        },
      },
    ],
  },
});

import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/dist/**'];
// What is waited for comes at once on a quiet machine; only a test that fails waits this long.
const expectation = { poll: { timeout: 60_000, interval: 20 } };

// Once, and not in the time of the tests that happen to be the first: a server may have to be downloaded.
const globalSetup = ['infra/local/find-servers.mjs'];

// Tests import other packages by name and so get their built form, as a user of the package does; `npm test` builds first.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.spec.ts'],
          exclude: [...exclude, '**/*.int.spec.ts', '**/*.e2e.spec.ts'],
          // Properties take a while on a machine that others use too.
          testTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.int.spec.ts'],
          exclude,
          globalSetup,
          expect: expectation,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.e2e.spec.ts'],
          exclude,
          globalSetup,
          expect: expectation,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

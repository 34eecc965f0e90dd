import { defineConfig } from 'vitest/config';

const lab = ['test/**/lab/**/*.test.ts'];

export default defineConfig({
  test: {
    restoreMocks: true,
    unstubEnvs: true,
    expect: { requireAssertions: true },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...lab, 'test/lab-e2e/**'],
          sequence: { shuffle: true },
        },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: [...lab, 'test/lab-e2e/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          globalSetup: ['test/lab-setup.ts'],
        },
      },
    ],
  },
});

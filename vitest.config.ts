import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

const lab = ['test/**/lab/**/*.test.ts'];

export default defineConfig({
  test: {
    restoreMocks: true,
    unstubEnvs: true,
    expect: { requireAssertions: true },
    setupFiles: ['test/seeded.ts'],
    sequence: { sequencer: LongestFirst },
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
          include: lab,
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
          globalSetup: ['test/lab-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/lab-e2e/**/*.test.ts'],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
          globalSetup: ['test/lab-e2e/setup.ts'],
        },
      },
    ],
  },
});

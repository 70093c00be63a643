import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: end-to-end tests run real encoders and browsers, and starve each other when too many run at once.
    maxWorkers: 2,
    // Patience, not promises: how soon something has to happen is expected where it matters.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

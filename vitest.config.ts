import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**'],
    // The integration files start real servers and there are two cores on the smallest machine we support.
    maxWorkers: 2,
    // Real servers on a shared machine may once be starved for seconds; a test that passes only then is reported
    // as retried. At a desk nothing is retried, so that such a test is seen and mended.
    retry: process.env.CI === undefined ? 0 : 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/clients/**'],
    // The integration files start real servers and there are two cores on the smallest machine we support.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a window shows follows a moment later; see also test/support/soon.ts.
    expect: { poll: { timeout: 15_000, interval: 20 } },
  },
})

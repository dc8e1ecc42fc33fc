// `npm run e2e:electron`: the specs of the app on Electron itself, instead of the stand-in that `npm test` uses.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { status } = spawnSync('vitest', ['run', 'test/e2e/app', '--maxWorkers=1', ...process.argv.slice(2)], {
  cwd: ROOT,
  env: { ...process.env, SOVEREIGN_E2E: 'electron' },
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
process.exitCode = status ?? 1

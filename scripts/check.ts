// `npm run check`: everything that can be said about the code without running it.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** One compiler run for each environment: what a folder may not use does not exist for it. */
const projects = ['tsconfig.json', ...readdirSync(`${ROOT}src`).flatMap((name) => environmentOf(name))]

const steps: readonly (readonly [string, ...string[]])[] = [
  ['biome', 'check', '--error-on-warnings', '.'],
  ...projects.map((project): [string, ...string[]] => ['tsc', '-p', project]),
]

let failed = 0
for (const [program, ...args] of steps) {
  console.log(`> ${program} ${args.join(' ')}`)
  const { status } = spawnSync(program, args, {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) failed += 1
}
console.log(failed === 0 ? 'All clean.' : `${failed} of ${steps.length} checks failed.`)
process.exitCode = failed === 0 ? 0 : 1

function environmentOf(folder: string): string[] {
  return readdirSync(`${ROOT}src/${folder}`).includes('tsconfig.json') ? [`src/${folder}/tsconfig.json`] : []
}

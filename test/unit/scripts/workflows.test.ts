import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const FOLDER = join(ROOT, '.github/workflows')

interface Job {
  readonly 'runs-on': string
  readonly 'timeout-minutes': number
  readonly strategy?: { readonly matrix: { readonly os: readonly string[] } }
  readonly steps: readonly { readonly run?: string; readonly uses?: string; readonly if?: string }[]
}

interface Workflow {
  readonly name: string
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

async function workflows(): Promise<Workflow[]> {
  const yaml: { load(text: string): Workflow } = require('js-yaml')
  const names = await readdir(FOLDER)
  return Promise.all(names.map(async (name) => yaml.load(await readFile(join(FOLDER, name), 'utf8'))))
}

test('every workflow may only read, ends by itself, and runs scripts that there are', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const found = await workflows()
  expect(found.length).toBeGreaterThan(0)
  for (const { permissions, jobs } of found) {
    expect(permissions).toEqual({ contents: 'read' })
    for (const job of Object.values(jobs)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0)
      const commands = job.steps.map(({ run = '' }) => run).join('\n')
      for (const [, script = ''] of commands.matchAll(/npm run ([\w:]+)/g))
        expect(scripts).toHaveProperty(script)
      for (const step of job.steps) expect([step.run, step.uses].filter(Boolean)).toHaveLength(1)
    }
  }
})

test('the app is tested in Electron, and packaged, on all three systems', async () => {
  const jobs = (await workflows()).flatMap((workflow) => Object.values(workflow.jobs))
  for (const script of ['npm run e2e:electron', 'npm run package']) {
    const job = jobs.find(({ steps }) => steps.some(({ run = '' }) => run.includes(script)))
    expect(job?.strategy?.matrix.os).toEqual(['ubuntu-latest', 'macos-latest', 'windows-latest'])
  }
})

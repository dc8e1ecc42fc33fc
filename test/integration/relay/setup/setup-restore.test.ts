import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'jsonc-parser'
import { beforeEach, describe, expect, test } from 'vitest'
import type { BareMachine } from '../../../support/bare-machine.ts'
import type { SetupServer } from '../../../support/start-setup-server.ts'
import { startSetupWorld } from '../../../support/start-setup-world.ts'

/** A provider of the user that happens to have the name of ours. */
const OWN = `{
  // my own, from before
  "model": "sovereign/mine",
  "theme": "gruvbox",
  "provider": {
    "sovereign": { // keep
      "npm": "@ai-sdk/openai",
      "options": { "baseURL": "http://127.0.0.1:9/v9", "apiKey": "own-key", },
      "models": { "mine": { "name": "Mine" /* odd */ } }
    },
  }
}
`

let server: SetupServer
let machine: BareMachine

beforeEach(async () => {
  ;({ machine, server } = await startSetupWorld())
})

const path = () => join(machine.home, '.config/opencode/opencode.json')
const stateFolder = () => join(dirname(path()), '.sovereign')
const read = () => readFile(path(), 'utf8')
const setup = (...args: string[]) =>
  machine.run(`set -o pipefail; curl -fsSL ${server.url}/setup | bash -s -- ${args.join(' ')}`)

async function write(text: string): Promise<void> {
  await mkdir(dirname(path()), { recursive: true })
  await writeFile(path(), text)
}

async function edit(from: string, to: string): Promise<void> {
  const text = await read()
  expect(text).toContain(from)
  await writeFile(path(), text.replace(from, to))
}

describe('a file whose user has a provider of our name already', () => {
  beforeEach(() => write(OWN))

  test('is said to have one before anything of it is changed', async () => {
    const outcome = await setup('--dry-run')
    expect(outcome.stdout).toContain('provider.sovereign is there already and not from this script')
    expect(outcome.stdout).toContain('--uninstall puts it back')
    expect((await setup()).stdout).toContain('not from this script')
    expect((await setup('--tier', 'premium')).stdout).not.toContain('not from this script')
  })

  test('comes back byte for byte, also after two set-ups and a second --uninstall', async () => {
    await setup()
    expect(parse(await read()).provider.sovereign.options.baseURL).toBe(`${server.url}/v1`)
    await setup('--tier', 'premium')
    const outcome = await setup('--uninstall')
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain('as it was before')
    expect(await read()).toBe(OWN)
    expect(existsSync(stateFolder())).toBe(false)

    const again = await setup('--uninstall')
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toContain('nothing of ours')
    expect(again.stdout).toContain('provider.sovereign')
    expect(await read()).toBe(OWN)
  })

  test('is put back in its own words into a file that was edited between two set-ups', async () => {
    await setup()
    await edit('gruvbox', 'nord')
    server.state.copilot = { data: [{ id: 'brand-new' }] }
    await setup()
    expect(await setup('--uninstall')).toMatchObject({ code: 0, stderr: '' })
    expect(await read()).toBe(OWN.replace('gruvbox', 'nord'))
  })

  test('is put back into a file edited after the set-up, which is kept with what was changed', async () => {
    await setup()
    await edit('gruvbox', 'nord')
    const edited = await read()
    const dryRun = await setup('--uninstall', '--dry-run')
    expect(dryRun.stdout).toContain('provider.sovereign: as it was before')
    expect(await read()).toBe(edited)

    const outcome = await setup('--uninstall')
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain('provider.sovereign: as it was before')
    expect(await read()).toBe(OWN.replace('gruvbox', 'nord'))
    const kept = join(stateFolder(), 'opencode.json.edited')
    expect(outcome.stdout).toContain(`The file as you had edited it: ${kept}`)
    expect(await readFile(kept, 'utf8')).toBe(edited)
    expect((await setup('--uninstall')).stdout).toContain('nothing of ours')
    expect(await read()).toBe(OWN.replace('gruvbox', 'nord'))
  })

  test('comes back where the user has deleted the changed one meanwhile', async () => {
    await setup()
    await write('{ "theme": "nord" }\n')
    expect(await setup('--uninstall')).toMatchObject({ code: 0, stderr: '' })
    expect(parse(await read())).toEqual({
      theme: 'nord',
      provider: { sovereign: parse(OWN).provider.sovereign },
    })
  })

  test('keeps a default model that the user has chosen since', async () => {
    await setup()
    await edit(`"model": "${parse(await read()).model}"`, '"model": "other/one"')
    await setup('--uninstall')
    expect(parse(await read()).model).toBe('other/one')
  })

  test('says where the file of before is when the relay is needed and gone', async () => {
    await machine.run(`curl -fsSL ${server.url}/setup -o setup.sh && bash setup.sh`)
    await edit('gruvbox', 'nord')
    const edited = await read()
    await server.close()
    const outcome = await machine.run('bash setup.sh --uninstall')
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('is left as it is')
    expect(outcome.stderr).toContain(
      `The file as it was before: ${join(stateFolder(), 'opencode.json.before')}`,
    )
    expect(await read()).toBe(edited)
  })
})

test('without its notes the script takes out what it made and names what it cannot know', async () => {
  await write('{ "theme": "x" }\n')
  await setup()
  await rm(stateFolder(), { recursive: true })
  expect((await setup('--uninstall')).stdout).toContain('- provider.sovereign')
  expect(parse(await read())).toEqual({ theme: 'x' })

  await write(OWN)
  await setup()
  await rm(stateFolder(), { recursive: true })
  const changed = await read()
  const outcome = await setup('--uninstall')
  expect(outcome).toMatchObject({ code: 0, stderr: '' })
  expect(outcome.stdout).toContain('provider.sovereign stays')
  expect(await read()).toBe(changed)
})

test('a file with an empty "provider" of its own keeps that', async () => {
  await write('{ "provider": {}, "theme": "x" }\n')
  await setup()
  await edit('"x"', '"y"')
  await setup('--uninstall')
  expect(parse(await read())).toEqual({ provider: {}, theme: 'y' })
})

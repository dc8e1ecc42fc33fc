import { existsSync, statSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'jsonc-parser'
import { beforeEach, describe, expect, test } from 'vitest'
import type { BareMachine } from '../../../support/bare-machine.ts'
import type { SetupServer } from '../../../support/start-setup-server.ts'
import { startSetupWorld } from '../../../support/start-setup-world.ts'

const USER_CONFIG = `{
\t// mine, do not touch
\t"theme": "gruvbox",
\t"provider": {
\t\t"other": { "npm": "x", /* inner */ "options": {} },
\t},
}
`

let server: SetupServer
let machine: BareMachine

beforeEach(async () => {
  ;({ machine, server } = await startSetupWorld())
})

const configPath = (name = 'opencode.json') => join(machine.home, '.config/opencode', name)
const pipe = (...args: string[]) =>
  `set -o pipefail; curl -fsSL ${server.url}/setup | bash -s -- ${args.join(' ')}`

async function writeConfig(text: string, name = 'opencode.jsonc'): Promise<string> {
  await mkdir(dirname(configPath(name)), { recursive: true })
  await writeFile(configPath(name), text)
  return configPath(name)
}

describe('the setup script on a bare machine', () => {
  test('configures OpenCode from nothing and says what it did', async () => {
    const outcome = await machine.run(pipe())
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain('+ provider.sovereign with 4 models')
    expect(outcome.stdout).toContain(`Checked: ${server.url}/v1/models answers`)
    const config = parse(await readFile(configPath(), 'utf8'))
    expect(config).toMatchObject({
      $schema: 'https://opencode.ai/config.json',
      model: 'sovereign/claude-sonnet',
      small_model: 'sovereign/gpt-mini',
    })
    expect(config.provider.sovereign.options.baseURL).toBe(`${server.url}/v1`)
    expect(config.provider.sovereign.models['gpt-mini'].limit).toEqual({ context: 128_000, output: 16_000 })
    expect(config.provider.sovereign.models['gpt-codex'].provider).toEqual({ npm: '@ai-sdk/openai' })
    expect(config.provider.sovereign.models['claude-opus'].provider).toEqual({ npm: '@ai-sdk/anthropic' })
  })

  test('costs nothing to verify unless a chat is asked for', async () => {
    await machine.run(pipe())
    expect(server.seen.some(({ line }) => line.includes('chat'))).toBe(false)
    const outcome = await machine.run(pipe('--verify-chat'))
    expect(outcome.stdout).toContain('a chat request was answered')
    expect(server.seen.filter(({ line }) => line === 'POST /v1/chat/completions 200')).toHaveLength(1)
  })

  test('keeps comments, formatting and everything that is not ours', async () => {
    const path = await writeConfig(USER_CONFIG)
    expect(await machine.run(pipe())).toMatchObject({ code: 0 })
    const text = await readFile(path, 'utf8')
    expect(text).toContain('\t// mine, do not touch\n\t"theme": "gruvbox",')
    expect(text).toContain('"other": { "npm": "x", /* inner */ "options": {} }')
    expect(existsSync(configPath('opencode.json'))).toBe(false)
  })

  test('finds nothing to change the second time', async () => {
    const path = await writeConfig(USER_CONFIG)
    await machine.run(pipe())
    const once = await readFile(path, 'utf8')
    const outcome = await machine.run(pipe())
    expect(outcome.stdout).toContain('nothing to change')
    expect(await readFile(path, 'utf8')).toBe(once)
  })

  test('shows but writes nothing with --dry-run and with the query', async () => {
    for (const command of [pipe('--dry-run'), `curl -fsSL '${server.url}/setup?dry-run=1' | bash`]) {
      const outcome = await machine.run(command)
      expect(outcome).toMatchObject({ code: 0, stderr: '' })
      expect(outcome.stdout).toContain('would be changed')
      expect(outcome.stdout).toContain('Nothing was written')
    }
    expect(existsSync(join(machine.home, '.config'))).toBe(false)
  })

  test('brings the file back byte for byte with --uninstall, also when the relay is gone', async () => {
    const path = await writeConfig(USER_CONFIG)
    const script = join(machine.home, 'setup.sh')
    await machine.run(`curl -fsSL ${server.url}/setup -o '${script}' && bash '${script}'`)
    expect(await readFile(path, 'utf8')).not.toBe(USER_CONFIG)
    await server.close()
    expect(await machine.run(`bash '${script}' --uninstall`)).toMatchObject({ code: 0, stderr: '' })
    expect(await readFile(path, 'utf8')).toBe(USER_CONFIG)
    expect(existsSync(join(dirname(path), '.sovereign'))).toBe(false)
  })

  test('leaves no file behind where there was none', async () => {
    await machine.run(pipe())
    expect(await machine.run(pipe('--uninstall'))).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(configPath())).toBe(false)
  })

  test('keeps what the user changed after the set-up when it is taken out', async () => {
    const path = await writeConfig(USER_CONFIG)
    await machine.run(pipe())
    await writeFile(path, (await readFile(path, 'utf8')).replace('gruvbox', 'nord'))
    await machine.run(pipe())
    expect(await machine.run(pipe('--uninstall'))).toMatchObject({ code: 0, stderr: '' })
    const config = parse(await readFile(path, 'utf8'))
    expect(config).toEqual({ theme: 'nord', provider: { other: { npm: 'x', options: {} } } })
  })

  test('keeps a user change made between two runs that changed our part', async () => {
    const path = await writeConfig(USER_CONFIG)
    await machine.run(pipe())
    await writeFile(path, (await readFile(path, 'utf8')).replace('gruvbox', 'nord'))
    server.state.copilot = { data: [{ id: 'brand-new' }] }
    const outcome = await machine.run(pipe())
    expect(outcome.stdout).toContain('+ model sovereign/brand-new')
    expect(outcome.stdout).toContain('- model sovereign/gpt-codex: no longer offered')
    await machine.run(pipe('--uninstall'))
    expect(await readFile(path, 'utf8')).toContain('nord')
    expect(await readFile(path, 'utf8')).not.toContain('sovereign')
  })

  test('says that an uninstall found nothing of ours', async () => {
    const path = await writeConfig(USER_CONFIG)
    const outcome = await machine.run(pipe('--uninstall'))
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain('nothing of ours')
    expect(await readFile(path, 'utf8')).toBe(USER_CONFIG)
  })

  test('touches nothing when the file is no valid JSON and says where', async () => {
    const path = await writeConfig('{\n  "theme": \n}\n')
    const outcome = await machine.run(pipe())
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('is left as it is')
    expect(outcome.stderr).toContain('line 3, column 1')
    expect(await readFile(path, 'utf8')).toBe('{\n  "theme": \n}\n')
    expect(existsSync(join(dirname(path), '.sovereign'))).toBe(false)
  })

  test('honours OPENCODE_CONFIG and XDG_CONFIG_HOME', async () => {
    const own = join(machine.home, 'x y/own.json')
    await machine.run(pipe(), { OPENCODE_CONFIG: own })
    await machine.run(pipe(), { XDG_CONFIG_HOME: join(machine.home, 'xdg') })
    expect(existsSync(own)).toBe(true)
    expect(existsSync(join(machine.home, 'xdg/opencode/opencode.json'))).toBe(true)
    expect(existsSync(configPath())).toBe(false)
  })

  test('does nothing at all with any half of the script', async () => {
    const whole = await (await fetch(`${server.url}/setup`)).text()
    const requests = server.seen.length
    for (const part of [0.2, 0.5, 0.8, 0.99]) {
      const cut = join(machine.home, 'cut.sh')
      await writeFile(cut, whole.slice(0, Math.floor(whole.length * part)))
      expect((await machine.run('bash < cut.sh')).code).not.toBe(0)
    }
    const beforeLastLine = whole.slice(0, whole.trimEnd().lastIndexOf('}'))
    await writeFile(join(machine.home, 'cut.sh'), beforeLastLine)
    expect((await machine.run('bash < cut.sh')).code).not.toBe(0)
    expect(server.seen).toHaveLength(requests)
    expect(existsSync(join(machine.home, '.config'))).toBe(false)
  })

  test('configures a signed-out relay and says what to do', async () => {
    server.state.copilot = undefined
    const outcome = await machine.run(pipe())
    expect(outcome.code).toBe(0)
    expect(outcome.stdout).toContain('The relay is signed out')
    expect(outcome.stdout).toContain('sovereign relay login')
    const config = parse(await readFile(configPath(), 'utf8'))
    expect(config.provider.sovereign.options.baseURL).toBe(`${server.url}/v1`)
  })

  test('reaches the tunnel directly when a proxy is set, and says that clients must too', async () => {
    const proxy = { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' }
    const outcome = await machine.run(`curl --noproxy '*' -fsSL ${server.url}/setup | bash`, proxy)
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).toContain('NO_PROXY')
  })

  test('explains a tunnel that is down', async () => {
    const script = await (await fetch(`${server.url}/setup`)).text()
    await writeFile(join(machine.home, 'setup.sh'), script)
    await server.close()
    const outcome = await machine.run('bash setup.sh')
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain(`nothing answers at ${server.url}`)
  })

  test.each([
    ['--nonsense', 'unknown option: --nonsense'],
    ['--tier', '--tier needs a value'],
    ['--base', '--base needs a value'],
    ['--tier --dry-run', '--tier needs a value'],
    ['--tier=', '--tier needs a value'],
    ['--tier gold', 'unknown tier: gold; it is free, frugal or premium'],
    ["--base 'http://x;id'", 'no address of the form http://host:port: http://x;id'],
    ['now', "this is no option: 'now'"],
  ])('refuses %s with words and the usage', async (args, words) => {
    const outcome = await machine.run(pipe(args))
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/^sovereign setup: /)
    expect(outcome.stderr).toContain(words)
    expect(outcome.stderr).toContain('Usage: curl')
    expect(outcome.stdout).toBe('')
    expect(existsSync(join(machine.home, '.config'))).toBe(false)
  })

  test.each([
    ['tier=gold', 'tier cannot be "gold"; it is one of: free, frugal, premium.'],
    ['dry-run=perhaps', 'dry-run cannot be "perhaps"; it is one of: 0, 1.'],
  ])('refuses the query %s with words, where curl would show a number alone', async (query, words) => {
    const outcome = await machine.run(`curl -fsSL '${server.url}/setup?${query}' | bash`)
    expect(outcome.code).toBe(2)
    expect(outcome.stderr).toMatch(/^sovereign setup: /)
    expect(outcome.stderr).toContain(words)
    expect(existsSync(join(machine.home, '.config'))).toBe(false)
  })

  test('takes a value behind an equals sign too', async () => {
    expect((await machine.run(pipe('--tier=free', `--base=${server.url}/`))).code).toBe(0)
    expect(parse(await readFile(configPath(), 'utf8')).model).toBe('sovereign/gpt-mini')
  })

  test('chooses models by tier and lets the tier be changed', async () => {
    await machine.run(pipe('--tier', 'free'))
    expect(parse(await readFile(configPath(), 'utf8')).model).toBe('sovereign/gpt-mini')
    await machine.run(`curl -fsSL '${server.url}/setup?tier=premium' | bash`)
    expect(parse(await readFile(configPath(), 'utf8')).model).toBe('sovereign/claude-opus')
    await machine.run(pipe())
    expect(parse(await readFile(configPath(), 'utf8')).model).toBe('sovereign/claude-opus')
  })

  test("leaves the user's own default model alone", async () => {
    const path = await writeConfig('{ "model": "other/one" }\n')
    await machine.run(pipe('--tier', 'premium'))
    expect(parse(await readFile(path, 'utf8')).model).toBe('other/one')
  })
})

describe('a relay that asks for tokens', () => {
  const TOKEN = 'sov_0123456789abcdef'

  test('gets the token from the environment and keeps it out of the configuration', async () => {
    server.state.token = TOKEN
    const outcome = await machine.run(pipe(), { SOVEREIGN_TOKEN: TOKEN })
    expect(outcome).toMatchObject({ code: 0, stderr: '' })
    expect(outcome.stdout).not.toContain(TOKEN)
    const text = await readFile(configPath(), 'utf8')
    expect(text).not.toContain(TOKEN)
    expect(parse(text).provider.sovereign.options.apiKey).toBe('{file:./.sovereign/token}')
    const kept = join(dirname(configPath()), '.sovereign/token')
    expect(await readFile(kept, 'utf8')).toBe(`${TOKEN}\n`)
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    // The second run knows the token.
    expect(await machine.run(pipe())).toMatchObject({ code: 0 })
    await machine.run(pipe('--uninstall'))
    expect(existsSync(kept)).toBe(false)
  })

  test('keeps the token out of every process list', async () => {
    server.state.token = TOKEN
    // A curl that writes its own command line down before it runs.
    const spy = `mkdir spy && printf '#!/bin/bash\\ntr "\\\\0" " " </proc/$$/cmdline >>"$HOME/argv"\\nexec ${'$'}REAL_CURL "$@"\\n' > spy/curl && chmod +x spy/curl`
    const outcome = await machine.run(
      `${spy}; REAL_CURL=$(command -v curl) PATH=$PWD/spy:$PATH; export REAL_CURL; ${pipe()}`,
      {
        SOVEREIGN_TOKEN: TOKEN,
      },
    )
    expect(outcome.code).toBe(0)
    const argv = await readFile(join(machine.home, 'argv'), 'utf8')
    expect(argv).toContain('/setup/opencode/merge')
    expect(argv).not.toContain(TOKEN)
  })

  test('stops with words when there is no token and nobody to ask', async () => {
    server.state.token = TOKEN
    const outcome = await machine.run(pipe())
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('set SOVEREIGN_TOKEN')
    expect(existsSync(configPath())).toBe(false)
  })

  test('stops with words when the token is wrong', async () => {
    server.state.token = TOKEN
    const outcome = await machine.run(pipe(), { SOVEREIGN_TOKEN: 'wrong' })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('does not accept this token')
  })

  test('refuses a token that would smuggle options into curl', async () => {
    const outcome = await machine.run(pipe(), { SOVEREIGN_TOKEN: 'x"\noutput = "/tmp/owned' })
    expect(outcome.code).toBe(1)
    expect(outcome.stderr).toContain('characters that no token has')
  })
})

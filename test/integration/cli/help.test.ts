import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { defaultSettingsPath } from '../../../src/main/settings/settings-path.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/sovereign.js', import.meta.url))

/** A command in a home folder where nothing was ever started. */
async function call(...args: string[]) {
  const home = await makeTempDir('help-')
  const folders = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_RUNTIME_DIR: '' }
  const command = runSovereign(args, { ...folders, SOVEREIGN_RUNTIME_DIR: '', SOVEREIGN_DATA_DIR: '' }, [
    process.execPath,
    PROGRAM,
  ])
  const code = await command.finished
  return { home, code, stdout: command.stdout(), stderr: command.stderr() }
}

describe('help', () => {
  test('begins with the way to start, in the words that work here', async () => {
    const { code, stdout, stderr } = await call('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: npx sovereign /)
    expect(stdout).toMatch(/To begin:\n +npx sovereign relay +\S/)
  })

  test('is the answer to no command at all, on standard error', async () => {
    const { code, stdout, stderr } = await call()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^Usage: npx sovereign /)
  })

  test.each([[['help', 'relay']], [['relay', 'help']], [['relay', '--help']]])(
    '%j describes the relay',
    async (args) => {
      const { code, stdout } = await call(...args)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^Usage: npx sovereign relay /)
      expect(stdout).toContain('sovereign-relay/config.json')
    },
  )

  test('names the files that are read without being named', async () => {
    const { home, stdout } = await call('bridge', '--help')
    expect(stdout.replace(/\s+/g, '')).toContain(defaultSettingsPath({ HOME: home, XDG_CONFIG_HOME: home }))
  })
})

describe('a mistake', () => {
  test.each([
    [['frob'], "unknown command 'frob'", 'npx sovereign --help'],
    [['relay', 'frob'], 'unknown command \'frob\' of "npx sovereign relay"', 'npx sovereign relay --help'],
    [['bridge', '--frob'], "unknown option '--frob'", 'npx sovereign bridge --help'],
    [['bridge', '--config'], "option '--config <file>' argument missing", 'npx sovereign bridge --help'],
    [['relay', 'clients', 'frob'], "unknown command 'frob'", 'npx sovereign relay clients --help'],
    [
      ['relay', 'install', '--port', 'abc'],
      'A port is a number from 1 to 65535',
      'npx sovereign relay install --help',
    ],
  ])('in %j is named with the help that belongs to it', async (args, words, help) => {
    const { code, stdout, stderr } = await call(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(words)
    expect(stderr).toContain(`Run "${help}" to see what there is.`)
  })
})

describe('where nothing runs', () => {
  test.each([[['usage']], [['relay', 'status']], [['relay', 'clients', 'list']]])(
    '%j says that no relay does, and how to start one',
    async (args) => {
      const { home, code, stdout, stderr } = await call(...args)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(
        `No relay runs here: nothing listens on ${join(home, 'sovereign/relay/admin.sock')}.\nStart one with "npx sovereign relay"`,
      )
    },
  )

  test('status says that no bridge does, and how to start one', async () => {
    const { stderr } = await call('status')
    expect(stderr).toMatch(
      /^No bridge runs for this user: there is no .+bridge\.json\.\nStart it with "npx sovereign bridge"/,
    )
  })

  test.each([
    [['status', '--json'], 'bridge.not-running'],
    [['usage', '--json'], 'relay.not-running'],
  ])('%j says it to a machine, apart from what it prints otherwise', async (args, error) => {
    const { code, stdout, stderr } = await call(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(JSON.parse(stderr)).toEqual({
      error: { code: error, message: expect.any(String), remedy: expect.stringContaining('npx sovereign') },
    })
  })
})

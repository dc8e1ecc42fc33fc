import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { runSovereign } from '../../support/sovereign-process.ts'

let home: string
beforeEach(async () => {
  home = await makeTempDir('refused-')
})

/** A start that is expected to fail: its exit code and everything that it printed. */
async function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const folders = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, SOVEREIGN_RUNTIME_DIR: home }
  const started = runSovereign(args, { ...folders, LOG_LEVEL: '', ...more })
  onTestFinished(async () => void (await started.stop('SIGKILL')))
  const code = await started.finished
  return { code, stdout: started.stdout(), stderr: started.stderr() }
}

describe('a relay that cannot start says so in words and nothing else', () => {
  test('where its port is taken', async () => {
    const other = createServer()
    onTestFinished(() => void other.close())
    await once(other.listen(0, '127.0.0.1'), 'listening')
    const { port } = other.address() as AddressInfo
    const { code, stdout, stderr } = await start(['relay', '--port', String(port)])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(`^127\\.0\\.0\\.1:${port} is taken by .+\nStop that program, .+ is free\\.\n$`),
    )
  })

  test('where its configuration has a mistake', async () => {
    await writeFile(join(home, 'config.json'), '{ "copilot": 1 }')
    const { code, stderr } = await start(['relay', '--port', '0', '--config', join(home, 'config.json')])
    expect(code).toBe(1)
    expect(stderr).toContain('copilot')
    expect(stderr).not.toContain('{"level"')
  })

  test('where a folder stands for its configuration', async () => {
    const { code, stderr } = await start(['relay', '--port', '0', '--config', home])
    expect(code).toBe(1)
    expect(stderr).toBe(
      `${home} is a folder; the configuration has to be a file.\nName a file that this user may read, with --config or CONFIG_PATH.\n`,
    )
  })

  test.each(['http://me:hunter2@proxy:99999', 'ftp://me:hunter2@proxy', '::::'])(
    'where HTTPS_PROXY is %s, whose password it keeps to itself',
    async (proxy) => {
      const { code, stdout, stderr } = await start(['relay', '--port', '0'], { HTTPS_PROXY: proxy })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe(
        'HTTPS_PROXY is no address of a proxy.\nSet it to an address such as http://proxy.example.org:3128, or take it out.\n',
      )
    },
  )

  test('where COPILOT_IDENTITY is no identity', async () => {
    const { code, stdout, stderr } = await start(['relay', '--port', '0'], { COPILOT_IDENTITY: 'vs-code' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'COPILOT_IDENTITY is "vs-code", which is no identity.\nSet it to own or vscode, or take it out of the environment.\n',
    )
  })

  // Node's own recursive mkdir never comes back from /proc.
  test.runIf(process.platform === 'linux').each(['/proc/x', '/sys/x/y', '/dev/null/x'])(
    'where its data folder would be %s',
    async (dataDir) => {
      const { code, stdout, stderr } = await start(['relay', '--port', '0', '--data-dir', dataDir])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(
        /^The data folder .+ cannot be used \(\w+\)\.\nChoose a folder that this user may write to, with --data-dir or SOVEREIGN_DATA_DIR\.\n$/,
      )
    },
  )
})

test.each([['relay', '--port', '0'], ['bridge']])(
  '%s refuses a LOG_LEVEL that does not exist and names those that do',
  async (...args) => {
    const { code, stdout, stderr } = await start(args, { LOG_LEVEL: 'loud' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      'LOG_LEVEL is "loud", which is no level of logging.\nSet it to debug, info, warn, error or silent, or not at all.\n',
    )
  },
)

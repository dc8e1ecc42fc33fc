import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { installOllama } from '../../../src/ollama-host/install.ts'
import { versionAt } from '../../../src/ollama-host/ollama-client.ts'
import type { InstallRequest } from '../../../src/ollama-host/prepare.ts'
import { USUAL_SERVICE } from '../../../src/ollama-host/service-options.ts'
import { hostStatus } from '../../../src/ollama-host/status.ts'
import { uninstallOllama } from '../../../src/ollama-host/uninstall.ts'
import { freePort } from '../../support/free-port.ts'
import { makeOllamaHost, type OllamaHost, SOMEBODY } from '../../support/make-ollama-host.ts'
import { soon } from '../../support/soon.ts'

const PYTHON = spawnSync('python3', ['-c', 'import plistlib']).status === 0
const UNIT = '/etc/systemd/system/sovereign-ollama.service'
const DROP_IN = '/etc/systemd/system/ollama.service.d/zz-sovereign-bridge.conf'
const STOCK = '/etc/systemd/system/ollama.service'
const TIMINGS = { answerWithinMs: 20_000, askEveryMs: 50 }
const IMPATIENT = { answerWithinMs: 500, askEveryMs: 50 }

async function requestFor(more: Partial<InstallRequest> = {}): Promise<InstallRequest> {
  const { context, keepAlive, maxQueue, parallel } = USUAL_SERVICE
  return {
    ...{ bind: '127.0.0.1', port: await freePort(), context, keepAlive, maxQueue, parallel },
    ...{ isLocalOnly: false, origins: [], user: SOMEBODY, ...more },
  }
}

const install = (host: OllamaHost, request: InstallRequest, timings = TIMINGS) =>
  installOllama(host.machine, request, host.say, timings)

/** What Ollama's installer for Linux leaves, with what people add to it. */
const stockUnit = (port: number) => `[Unit]
Description=Ollama Service
After=network-online.target

[Service]
ExecStart=/usr/local/bin/ollama serve
User=${SOMEBODY}
Group=${SOMEBODY}
Restart=always
RestartSec=3
Environment="PATH=/usr/bin"
Environment="OLLAMA_HOST=127.0.0.1:${port}"
Environment="OLLAMA_DEBUG=1"
Environment="OLLAMA_ORIGINS=*"

[Install]
WantedBy=default.target
`

async function withStock(host: OllamaHost, port: number): Promise<void> {
  await host.put(STOCK, stockUnit(port))
  for (const args of [['daemon-reload'], ['enable', 'ollama.service'], ['restart', 'ollama.service']])
    await host.machine.run('systemctl', args)
  // It looks how it is to behave when it begins, so what a test says afterwards is for the next one.
  await soon(() => versionAt(`http://127.0.0.1:${port}`, AbortSignal.timeout(5_000)))
}

describe('on a Linux with nothing but the program', () => {
  test('install starts Ollama at the one address, says each step, and finds nothing to do a second time', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor()
    await install(host, request)
    expect(host.said.at(-2)).toBe(`  ok      Ollama answers at 127.0.0.1:${request.port}: version 0.33.0`)
    expect(host.said.filter((line) => line.startsWith('  ok'))).toHaveLength(8)
    expect(await host.read(UNIT)).toContain(`Environment=OLLAMA_HOST=127.0.0.1:${request.port}\n`)
    const status = await hostStatus(host.machine)
    expect(status).toMatchObject({
      ...{ service: 'sovereign-ollama.service', kind: 'own', isRunning: true, startsWithMachine: true },
      ...{ version: '0.33.0', listeners: ['127.0.0.1'], url: `http://127.0.0.1:${request.port}` },
      memory: { totalBytes: 64 * 2 ** 30 },
    })
    expect(status.models.map(({ name, isCloud }) => [name, isCloud])).toContainEqual([
      'gpt-oss:120b-cloud',
      true,
    ])
    expect(status.memory.serverBytes).toBeGreaterThan(2 ** 20)

    const before = await host.calls()
    await install(host, request)
    expect(host.said.at(-1)).toContain('nothing to change')
    expect((await host.calls()).filter((call) => /restart|enable /.test(call))).toEqual(
      before.filter((call) => /restart|enable /.test(call)),
    )
  })

  test('an account is made where there is none, and folders that nobody else reads', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const { user: _user, ...request } = await requestFor()
    await install(host, request)
    const calls = (await host.calls()).filter((call) => call.startsWith('user'))
    expect(calls).toEqual([
      'useradd --system --user-group --no-create-home --home-dir /var/lib/ollama --shell /usr/sbin/nologin ollama',
      'usermod --append --groups render ollama',
    ])
    // As it is found the next time.
    await install(host, request)
    expect(host.said.at(-1)).toContain('nothing to change')
    for (const folder of ['/var/lib/ollama', '/var/lib/ollama/.ollama/models'])
      expect(statSync(join(host.root, folder)).mode & 0o777).toBe(0o700)
  })

  test('the account gets through to its models, wherever they are to lie', async () => {
    const host = await makeOllamaHost(onTestFinished)
    await install(host, await requestFor({ models: '/srv/ai/models' }))
    const modeOf = (path: string) => (statSync(join(host.root, path)).mode & 0o777).toString(8)
    expect(['/srv/ai', '/srv/ai/models'].map(modeOf)).toEqual(['755', '700'])
  })

  test('uninstall takes away what install wrote, and leaves program and models', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor()
    await install(host, request)
    await host.put('/var/lib/ollama/models/blob', 'weights')
    await uninstallOllama(host.machine, host.say)
    expect(await host.read(UNIT)).toBeUndefined()
    expect(await host.read('/var/lib/ollama/models/blob')).toBe('weights')
    expect(existsSync(join(host.root, 'usr/local/bin/ollama'))).toBe(true)
    expect(
      await hostStatus({ ...host.machine, env: { OLLAMA_HOST: `127.0.0.1:${request.port}` } }),
    ).toMatchObject({
      ...{ kind: 'none', isRunning: false, listeners: [] },
      problems: [{ code: 'ollama.not-running' }],
    })
    await uninstallOllama(host.machine, host.say)
    expect(host.said.at(-1)).toContain('nothing to remove')
  })

  test.each(['linux', 'darwin'] as const)('what another install changes is said: %s', async (platform) => {
    const host = await makeOllamaHost(onTestFinished, platform)
    const request = await requestFor()
    await install(host, { ...request, context: 131_072, isLocalOnly: true })
    expect(host.said.join('\n')).not.toContain('change  ')
    await install(host, { ...request, origins: ['https://chat.example.org'] })
    expect(host.said.filter((line) => line.startsWith('  change'))).toEqual([
      '  change  OLLAMA_CONTEXT_LENGTH was 131072 and becomes 65536',
      '  change  OLLAMA_NO_CLOUD was 1 and goes away',
      '  change  OLLAMA_ORIGINS becomes https://chat.example.org',
    ])
  })

  test('another address replaces the first, and the old one is given up', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const [first, second] = [await requestFor(), await requestFor({ bind: '127.0.0.2' })]
    await install(host, first)
    await install(host, { ...second, port: first.port })
    expect((await hostStatus(host.machine)).listeners).toEqual(['127.0.0.2'])
  })
})

describe('what stands in the way', () => {
  test.each([
    ['0.0.0.0', 'ollama-host.bind-refused', /every network/],
    ['::', 'ollama-host.bind-refused', /every network/],
    ['8.8.8.8', 'ollama-host.bind-refused', /internet/],
    ['tower.lan', 'ollama-host.bind-refused', /no IP address/],
    ['127.1', 'ollama-host.bind-refused', /no IP address/],
    ['fe80::1', 'ollama-host.bind-refused', /zone/],
    ['10.99.98.97', 'ollama-host.bind-refused', /does not have the address/],
  ])('the address %s is refused with the reason', async (bind, code, words) => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor({ bind })
    await expect(install(host, request)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
    })
    expect(await host.read(UNIT)).toBeUndefined()
  })

  test('without root nothing is looked at', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const machine = { ...host.machine, uid: 1000 }
    await expect(installOllama(machine, await requestFor(), host.say)).rejects.toMatchObject({
      code: 'ollama-host.needs-root',
      remedy: expect.stringContaining('sudo') as string,
    })
    expect(await host.calls()).toEqual([])
  })

  test('without the program it says how to get it', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor({ binary: '/opt/none/ollama' })
    await expect(install(host, request)).rejects.toMatchObject({
      code: 'ollama-host.no-binary',
      remedy: expect.stringContaining('ollama.com/install.sh') as string,
    })
  })

  test('a port that somebody else has is named with its holder', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor()
    const server = createServer().listen(request.port, '127.0.0.1')
    onTestFinished(() => void server.close())
    await expect(install(host, request)).rejects.toMatchObject({
      code: 'ollama-host.port-taken',
      message: expect.stringContaining(`127.0.0.1:${request.port} is held by`) as string,
    })
    expect(await host.calls()).toEqual([])
  })
})

describe('an installation that fails is taken back', () => {
  test('when Ollama ends at once: no unit, no folder, no account', async () => {
    const host = await makeOllamaHost(onTestFinished)
    await host.behave('exits')
    const { user: _user, ...request } = await requestFor()
    await expect(install(host, request, IMPATIENT)).rejects.toMatchObject({
      code: 'ollama-host.no-answer',
      remedy: expect.stringContaining('journalctl -u sovereign-ollama.service') as string,
    })
    expect(await host.read(UNIT)).toBeUndefined()
    expect(existsSync(join(host.root, 'var/lib/ollama'))).toBe(false)
    expect(await host.read('etc/passwd')).toBe('')
    expect((await host.calls()).filter((call) => /disable|userdel/.test(call))).toEqual([
      'systemctl disable --now sovereign-ollama.service',
      'userdel ollama',
    ])
    expect(host.said.filter((line) => line.startsWith('  undone')).length).toBeGreaterThan(3)
  })

  test('when it listens at every address, whatever it was told', async () => {
    const host = await makeOllamaHost(onTestFinished)
    await host.behave('is wide')
    const request = await requestFor()
    await expect(install(host, request)).rejects.toMatchObject({ code: 'ollama-host.too-wide' })
    expect(
      (await hostStatus({ ...host.machine, env: { OLLAMA_HOST: `127.0.0.1:${request.port}` } })).listeners,
    ).toEqual([])
  })

  test('a change that fails leaves the old service running as it was', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const first = await requestFor()
    await install(host, first)
    const unit = await host.read(UNIT)
    const taken = await requestFor()
    await host.behave('is wide')
    await expect(install(host, { ...taken, context: 8_192 }, TIMINGS)).rejects.toMatchObject({
      code: 'ollama-host.too-wide',
    })
    expect(await host.read(UNIT)).toBe(unit)
    expect((await hostStatus(host.machine)).isRunning).toBe(true)
  })
})

describe("beside Ollama's own installer", () => {
  test('its unit stays as it is, and a drop-in takes debugging, origins and the old address from it', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const { user: _user, ...request } = await requestFor()
    await withStock(host, request.port)
    await install(host, { ...request, bind: '127.0.0.2' })
    expect(await host.read(STOCK)).toBe(stockUnit(request.port))
    expect(await host.read(UNIT)).toBeUndefined()
    expect(JSON.parse((await host.read('tool-state/ollama.service.environment')) ?? '')).toMatchObject({
      OLLAMA_HOST: `127.0.0.2:${request.port}`,
    })
    expect(await host.read('tool-state/ollama.service.environment')).not.toMatch(/DEBUG|ORIGINS/)
    expect(await hostStatus(host.machine)).toMatchObject({ kind: 'changed', listeners: ['127.0.0.2'] })

    await uninstallOllama(host.machine, host.say)
    expect(await host.read(DROP_IN)).toBeUndefined()
    expect(await host.read(STOCK)).toBe(stockUnit(request.port))
    expect(
      await hostStatus({ ...host.machine, env: { OLLAMA_HOST: `127.0.0.1:${request.port}` } }),
    ).toMatchObject({
      ...{ kind: 'stock', isRunning: true, startsWithMachine: true },
    })
  })

  test('a failure gives it back as it was', async () => {
    const host = await makeOllamaHost(onTestFinished)
    const request = await requestFor()
    await withStock(host, request.port)
    await host.behave('exits')
    await expect(install(host, request, IMPATIENT)).rejects.toMatchObject({ code: 'ollama-host.no-answer' })
    expect(await host.read(DROP_IN)).toBeUndefined()
    expect((await host.calls()).slice(-3)).toEqual([
      'systemctl reset-failed ollama.service',
      'systemctl enable ollama.service',
      'systemctl restart ollama.service',
    ])
  })
})

describe.skipIf(!PYTHON)('on a Mac', () => {
  test('install, status and uninstall of a daemon that needs no login session', async () => {
    const host = await makeOllamaHost(onTestFinished, 'darwin')
    const { user: _user, ...request } = await requestFor()
    await install(host, request)
    expect(await hostStatus(host.machine)).toMatchObject({
      ...{ service: 'io.sovereign-bridge.ollama', kind: 'own', isRunning: true, version: '0.33.0' },
    })
    expect(await host.read('tool-state/directory/Users/_ollama/UserShell')).toBe('/usr/bin/false')
    expect(statSync(join(host.root, 'var/log/sovereign-ollama')).mode & 0o777).toBe(0o700)
    await install(host, request)
    expect(host.said.at(-1)).toContain('nothing to change')
    await uninstallOllama(host.machine, host.say)
    expect(await host.read('/Library/LaunchDaemons/io.sovereign-bridge.ollama.plist')).toBeUndefined()
    expect((await host.calls()).slice(-1)).toEqual([
      'launchctl bootout system/io.sovereign-bridge.ollama-log',
    ])
  })

  test('a failure takes account, folders, files and daemons back', async () => {
    const host = await makeOllamaHost(onTestFinished, 'darwin')
    await host.behave('exits')
    const { user: _user, ...request } = await requestFor()
    await expect(install(host, request, IMPATIENT)).rejects.toMatchObject({ code: 'ollama-host.no-answer' })
    expect(existsSync(join(host.root, 'tool-state/directory/Users/_ollama'))).toBe(false)
    expect(existsSync(join(host.root, 'var/log/sovereign-ollama'))).toBe(false)
    expect(existsSync(join(host.root, 'tool-state/io.sovereign-bridge.ollama.job'))).toBe(false)
  })

  test('the daemon that Homebrew made is named with the way to be rid of it', async () => {
    const host = await makeOllamaHost(onTestFinished, 'darwin')
    await host.put('/Library/LaunchDaemons/homebrew.mxcl.ollama.plist', '<plist/>')
    await expect(install(host, await requestFor())).rejects.toMatchObject({
      code: 'ollama-host.other-service',
      remedy: expect.stringContaining('sudo brew services stop ollama') as string,
    })
  })
})

import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { settingsSchema } from '../../../src/shared/settings/schema.ts'
import { curl } from '../../support/curl.ts'
import { isHealthy, startBridge } from '../../support/start-bridge.ts'
import { startWeb } from '../../support/start-hosts.ts'

const OWN = { allowPrivate: ['127.0.0.0/8'] }

let host: string

beforeEach(async () => {
  host = `http://127.0.0.1:${await startWeb((request, response) => response.end(`host saw ${request.url}`))}`
})

async function start(egress: object) {
  const bridge = await startBridge({
    teardown: onTestFinished,
    hosts: {},
    profile: { relay: { embedded: true }, egress },
  })
  await bridge.bridge.connect()
  await bridge.state(({ agent }) => agent.phase === 'listening', 'the agent listens')
  await bridge.state(isHealthy, 'the relay answers')
  return bridge
}

describe('the port of the agent', () => {
  test('takes paths to the relay and whole URLs to their hosts', async () => {
    const { agentPort } = await start(OWN)
    expect(await curl(agentPort, `${host}/page?x`)).toBe('host saw /page?x 200')
    const direct = await fetch(`http://127.0.0.1:${agentPort}/health`)
    expect(await direct.json()).toMatchObject({ relay: 'sovereign-bridge' })
  })

  test('keeps programs out of the own network unless the settings allow it', async () => {
    const { agentPort } = await start({})
    expect(await curl(agentPort, host)).toContain('this machine itself')
  })

  test('follows a rule that denies a host', async () => {
    const { agentPort } = await start({ ...OWN, rules: [{ hosts: ['127.0.0.1'], use: 'deny' }] })
    expect(await curl(agentPort, host)).toMatch(
      /A rule of the settings keeps the proxy from 127\.0\.0\.1.* 403$/s,
    )
  })

  test('does what changed settings say without losing its port', async () => {
    const { agentPort, bridge } = await start({})
    expect(await curl(agentPort, host)).toMatch(/ 403$/)
    const [profile] = bridge.settings.profiles
    await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress: OWN }] }))
    expect(await curl(agentPort, `${host}/now`)).toBe('host saw /now 200')
    expect(bridge.state.agent.phase).toBe('listening')
  })

  test('stays closed and says why when its password cannot be read', async () => {
    const { agentPort, bridge } = await start({ ...OWN, passwordFile: '/nowhere/password' })
    expect(await curl(agentPort, host)).toMatch(/\/nowhere\/password cannot be read \(ENOENT\).* 503$/s)
    expect(bridge.state.egress.tunnel).toMatchObject({
      phase: 'failed',
      cause: { code: 'egress.password-unusable' },
    })
  })

  test.skipIf(process.platform === 'win32')(
    'stays closed while others may read its password, and opens once they may not',
    async () => {
      const { agentPort, bridge, dir } = await start(OWN)
      const passwordFile = join(dir, 'password')
      await writeFile(passwordFile, 'me:right-horse\n', { mode: 0o644 })
      await chmod(passwordFile, 0o644)
      const [profile] = bridge.settings.profiles
      const egress = { ...OWN, passwordFile }
      await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress }] }))
      expect(await curl(agentPort, host, '--proxy-user', 'me:right-horse')).toMatch(/ 503$/)
      expect(bridge.state.egress.tunnel).toMatchObject({
        phase: 'failed',
        cause: {
          code: 'egress.password-unusable',
          message: `Permissions 0644 for ${passwordFile} are too open: the password of the proxy must not be accessible by others.`,
          remedy: `Run "chmod 600 ${passwordFile}".`,
        },
      })
      await chmod(passwordFile, 0o600)
      await bridge.disconnect(0)
      await bridge.connect()
      await vi.waitFor(async () =>
        expect(await curl(agentPort, host, '--proxy-user', 'me:right-horse')).toBe('host saw / 200'),
      )
    },
  )

  test('asks for the password of its file, below the home folder too', async () => {
    const { agentPort, bridge, dir } = await start(OWN)
    const secret = 'me:right-horse'
    await writeFile(join(dir, 'password'), `${secret}\n`, { mode: 0o600 })
    const [profile] = bridge.settings.profiles
    const egress = { ...OWN, passwordFile: '~/password' }
    await bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress }] }))
    expect(await curl(agentPort, host)).toMatch(/ 407$/)
    expect(await curl(agentPort, host, '--proxy-user', secret)).toBe('host saw / 200')
  })

  test('refuses whole URLs again after a disconnect, as nothing listens', async () => {
    const { agentPort, bridge } = await start(OWN)
    await bridge.disconnect(0)
    expect(await curl(agentPort, host)).toBe(' 000')
    expect(bridge.state.egress.tunnel).toEqual({ phase: 'off' })
  })
})

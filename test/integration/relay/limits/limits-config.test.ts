import { describe, expect, it } from 'vitest'
import { newTokenSchema } from '../../../../src/shared/protocol/clients.ts'
import { ask, CHAT } from '../../../support/ask.ts'
import { startLimitedRelay } from '../../../support/start-limited-relay.ts'
import { startTestRelay } from '../../../support/start-relay.ts'

describe('limits that are changed while the relay runs', () => {
  const limitVm = (changes: unknown, from = 'current') => ({
    of: { kind: 'client', name: 'vm' },
    ...{ from, changes },
  })

  it('hold from the next request on, are in config.json, and start with those that held before', async () => {
    const relay = await startLimitedRelay({
      default: { requests: 100, requests_per_minute: 50 },
      unheard: { of: true },
    })
    const vm = await relay.addClient('vm')
    await vm.chat()
    await relay.admin('POST', '/admin/limits', limitVm({ requests: 1, usd: 5 }))
    expect((await vm.chat()).status).toBe(429)
    expect(await relay.readConfig()).toMatchObject({
      limits: {
        default: { requests: 100, requests_per_minute: 50 },
        clients: { vm: { requests: 1, requests_per_minute: 50, usd: 5 } },
        unheard: { of: true },
      },
    })
    await relay.restart()
    expect((await vm.chat()).status).toBe(429)
    await relay.admin('POST', '/admin/limits', limitVm({ requests: null }))
    expect((await vm.chat()).status).toBe(200)
    await relay.admin('POST', '/admin/limits', limitVm({}, 'nothing'))
    expect((await relay.overview()).clients).toEqual({ vm: {} })
    await relay.admin('POST', '/admin/limits', limitVm({}, 'default'))
    expect((await relay.overview()).clients).toEqual({})
  })

  it('are refused for clients that do not exist and for values that cannot be', async () => {
    const relay = await startLimitedRelay({})
    const of = { kind: 'client', name: 'nobody' }
    await expect(
      relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { usd: 1 } }),
    ).rejects.toMatchObject({ code: 'clients.not-found' })
    const wrong = { of: { kind: 'relay' }, from: 'current', changes: { usd: -1 } }
    await expect(relay.admin('POST', '/admin/limits', wrong)).rejects.toMatchObject({
      code: 'clients.request-invalid',
      message: expect.stringContaining('changes.usd') as string,
    })
    const client = await relay.addClient('vm')
    expect((await ask(`${relay.url()}/admin/limits`, { headers: client.headers })).status).toBe(403)
  })

  it('of a client go with its token, so that another one of its name begins with the default', async () => {
    const relay = await startLimitedRelay({ clients: { vm: { requests: 0 } } })
    expect((await (await relay.addClient('vm')).chat()).status).toBe(429)
    await relay.admin('DELETE', '/admin/clients/vm')
    expect(await relay.readConfig()).toMatchObject({ limits: { clients: {} } })
    expect((await (await relay.addClient('vm')).chat()).status).toBe(200)
  })

  it('hold for requests with the admin token under the name admin, asked for tokens or not', async () => {
    const relay = await startLimitedRelay({})
    const { token } = newTokenSchema.parse(await relay.admin('POST', '/admin/token'))
    const of = { kind: 'client', name: 'admin' }
    await relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { requests: 1 } })
    const chat = () =>
      ask(`${relay.url()}/v1/chat/completions`, { body: CHAT, headers: { authorization: `Bearer ${token}` } })
    expect([(await chat()).status, (await chat()).status]).toEqual([200, 429])
    await relay.admin('POST', '/admin/clients/require', { required: true })
    expect((await chat()).status).toBe(429)
  })

  it('hold for clients without a token under the name unknown', async () => {
    const relay = await startLimitedRelay({})
    const chat = () => ask(`${relay.url()}/v1/chat/completions`, { body: CHAT })
    const of = { kind: 'client', name: 'unknown' }
    await relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { requests: 1 } })
    expect((await chat()).status).toBe(200)
    expect((await chat()).status).toBe(429)
  })
})

describe('a mistake in the limits of config.json', () => {
  it.each([
    ['{ "limits": { "default": { "usd": "five" } } }', 'limits.default.usd: has to be a number'],
    [
      '{ "limits": { "clients": { "vm": { "tokens": 1.5 } } } }',
      'limits.clients.vm.tokens: has to be a whole',
    ],
    ['{ "limits": { "relay": { "concurrent": 0 } } }', 'limits.relay.concurrent: has to be 1 or more'],
    ['{ "limits": { "alert_at": [2] } }', 'limits.alert_at[0]: has to be 1 or less'],
  ])('%s is named with its place', async (text, words) => {
    const config = JSON.parse(text) as Readonly<Record<string, unknown>>
    await expect(startTestRelay({ config })).rejects.toMatchObject({
      code: 'relay.config-invalid',
      message: expect.stringContaining(words) as string,
    })
  })

  it('of a key is named in the log', async () => {
    const relay = await startLimitedRelay({ clients: { vm: { dollars: 5 } }, defaults: {} })
    expect(relay.logged()).toContain('"key":"limits.clients.vm.dollars"')
    expect(relay.logged()).toContain('"key":"limits.defaults"')
  })
})

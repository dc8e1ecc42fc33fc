import { join } from 'node:path'
import { Command } from 'commander'
import { describe, expect, it, onTestFinished } from 'vitest'
import { relayClientsCommand } from '../../../src/cli/commands/relay-clients.ts'
import { usageCommand } from '../../../src/cli/commands/usage.ts'
import { openClients } from '../../../src/relay/clients/clients.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { printedBy } from '../../support/printed.ts'
import { serveRoutes } from '../../support/serve-routes.ts'
import { makeDir, SILENT, send, startUsage } from '../../support/start-usage.ts'

/** Runs a command as the terminal would and gives back what it printed. */
async function run(...words: string[]): Promise<string> {
  const program = new Command().exitOverride().addCommand(relayClientsCommand()).addCommand(usageCommand())
  return printedBy(program, words)
}

async function startAdminSocket() {
  const dir = await makeDir()
  const usage = startUsage(dir)
  const clients = await openClients({ dir, ambient: fakeAmbient(), log: SILENT })
  onTestFinished(() => clients.close())
  const socket = join(dir, 'admin.sock')
  const server = await serveRoutes([...usage.routes(), ...clients.routes()], 'admin', socket)
  onTestFinished(() => server.close())
  return { socket, usage, clients }
}

describe('sovereign relay clients', () => {
  it('shows a new token once with the lines for the client, lists it, and revokes it', async () => {
    const { socket, clients } = await startAdminSocket()
    expect(await run('clients', 'list', '--socket', socket)).toContain('No client has a token.')
    const added = await run('clients', 'add', 'laptop', '--socket', socket)
    const token = added.split('\n')[0] ?? ''
    expect(clients.identify({ authorization: `Bearer ${token}` })).toEqual({ name: 'laptop' })
    expect(added).toContain(`export SOVEREIGN_TOKEN=${token}`)
    expect(await run('clients', 'require', 'on', '--socket', socket)).toContain('1 has one')
    const list = await run('clients', 'list', '--socket', socket)
    expect(list).toMatch(/CLIENT +ADDED +LAST USED\nlaptop +2026-11-21 +/)
    expect(list).not.toContain(token)
    await run('clients', 'revoke', 'laptop', '--socket', socket)
    expect(clients.identify({ authorization: `Bearer ${token}` })).toBe('unknown-token')
    expect((await run('clients', 'admin-token', '--socket', socket)).startsWith('sba_')).toBe(true)
  })

  it('fails in words with a remedy', async () => {
    const { socket } = await startAdminSocket()
    await expect(run('clients', 'revoke', 'nobody', '--socket', socket)).rejects.toMatchObject({
      code: 'clients.not-found',
      message: 'There is no client named "nobody".',
    })
    await expect(run('clients', 'require', 'maybe', '--socket', socket)).rejects.toThrow(
      'neither "on" nor "off"',
    )
    const nowhere = join(await makeDir(), 'admin.sock')
    await expect(run('clients', 'list', '--socket', nowhere)).rejects.toMatchObject({
      code: 'relay.not-running',
      remedy: expect.stringContaining('sovereign relay'),
    })
  })
})

describe('sovereign usage', () => {
  it('shows amounts with unit, source and age, models, clients and quota', async () => {
    const { socket, usage } = await startAdminSocket()
    usage.onQuota({
      copilot_plan: 'individual_pro',
      token_based_billing: false,
      quota_reset_date: '2026-12-01',
      quota_snapshots: {
        premium_interactions: { entitlement: 1500, remaining: 1200 },
        chat: { unlimited: true },
      },
    })
    send(usage, {
      facts: { client: 'laptop' },
      usage: { input: 1234, cached: 1000, output: 56, nanoAiu: 1_500_000_000 },
    })
    send(usage, { facts: { client: 'laptop', model: 'new-model' }, outcome: 'cancelled' })
    send(usage, {
      facts: { client: 'vm', upstream: 'openrouter', endpoint: '/chat/completions', model: 'a/b' },
    })
    const text = await run('usage', '--socket', socket)
    expect(text).toContain(
      '2026-11 (UTC): 3 requests (1 cancelled). Starts again at zero on 2026-12-01 00:00 UTC.',
    )
    expect(text).toMatch(/credits +1\.5\+\? +AI credits +reported by Copilot +.+ 1 request more/)
    expect(text).toMatch(/premium requests +6\+\? +premium requests +estimate, annual plan table of 2026-06/)
    expect(text).toMatch(/\ncost +\? +USD +reported by the upstream +.+ 1 request more/)
    expect(text).toMatch(/\nclaude-sonnet-4\.5 +copilot +1 +1,234 +56 +1\.5 +6 +0\n/)
    expect(text).toMatch(/\nlaptop +2 +/)
    expect(text).toMatch(
      /premium_interactions: 300 of 1,500 premium requests used \(80 % left\); Copilot user page, /,
    )
    expect(text).toContain('chat: unlimited;')
    expect(JSON.parse(await run('usage', '--json', '--socket', socket))).toMatchObject({ requests: 3 })
    await expect(run('usage', '--month', 'x', '--socket', socket)).rejects.toMatchObject({
      code: 'usage.month-invalid',
    })
  })

  it('names an earlier month and promises no reset of it', async () => {
    const { socket } = await startAdminSocket()
    const text = await run('usage', '--month', '2026-01', '--socket', socket)
    expect(text).toMatch(/^2026-01 \(UTC\): 0 requests\.\n\n2026-01 +AMOUNT/)
    expect(text).not.toContain('THIS MONTH')
  })

  it('shows no premium requests of an account that is billed by credits', async () => {
    const { socket, usage } = await startAdminSocket()
    usage.onQuota({ copilot_plan: 'individual_pro', token_based_billing: true })
    send(usage, {
      facts: { client: 'laptop' },
      usage: { input: 10, cached: 0, output: 5, nanoAiu: 1_500_000_000 },
    })
    const text = await run('usage', '--socket', socket)
    expect(text).toMatch(/MODEL +UPSTREAM +REQUESTS +INPUT +OUTPUT +CREDITS +USD\n/)
    expect(text).not.toMatch(/premium/i)
  })
})

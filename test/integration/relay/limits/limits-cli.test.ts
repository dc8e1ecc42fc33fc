import { Command } from 'commander'
import { expect, onTestFinished, test, vi } from 'vitest'
import { relayClientsCommand } from '../../../../src/cli/commands/relay-clients.ts'
import { relayLimitsCommand } from '../../../../src/cli/commands/relay-limits.ts'
import { usageCommand } from '../../../../src/cli/commands/usage.ts'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { limitsOverviewSchema } from '../../../../src/shared/protocol/limits.ts'
import { ask, CHAT } from '../../../support/ask.ts'
import { printedBy } from '../../../support/printed.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'

/** Runs commands as the terminal would against a relay of their own, and gives back what they printed. */
async function start(limits: unknown = {}) {
  const relay = await startOwnRelay({ config: { limits } })
  const socket = relay.relay.adminSocketPath
  const run = (line: string): Promise<string> => {
    const commands = [relayClientsCommand(), relayLimitsCommand(), usageCommand()]
    const program = commands.reduce(
      (all, command) => all.addCommand(command),
      new Command().exitOverride().enablePositionalOptions(),
    )
    return printedBy(program, [...line.split(' '), '--socket', socket])
  }
  await adminRequest(socket, 'POST', '/admin/clients', { name: 'vm' })
  const chat = () => ask(`${relay.url}/v1/chat/completions`, { body: CHAT })
  return { ...relay, run, chat }
}

test('limits of a client are set one by one, all at once and taken away again', async () => {
  const { run, readConfig } = await start({ default: { requests_per_minute: 60 } })
  expect(await run('clients limit vm --usd 5 --concurrent 2')).toBe(
    'vm: 60 requests a minute, 2 requests at once, 5 USD a month.\n',
  )
  expect(await run('clients limit vm --concurrent none')).toBe('vm: 60 requests a minute, 5 USD a month.\n')
  expect(await run('clients limit vm --none --tokens 1000000')).toBe('vm: 1,000,000 tokens a month.\n')
  expect(await readConfig()).toMatchObject({ limits: { clients: { vm: { tokens: 1_000_000 } } } })
  expect(await run('clients limit vm --default')).toBe('vm: 60 requests a minute.\n')
  expect(await run('clients limit vm --none')).toBe('vm: no limits.\n')
  expect(await run('limits')).toBe(
    'Without any limit of their own: vm.\n\nEach client without limits of its own: 60 requests a minute.\n',
  )
})

test('limits of all clients together and of each one without its own are set in the same way', async () => {
  const { run, readConfig } = await start()
  expect(await run('limits relay --usd 50')).toBe('All clients together: 50 USD a month.\n')
  expect(await run('limits default --requests-per-minute 30 --premium-requests 100')).toBe(
    'Each client without limits of its own: 30 requests a minute, 100 premium requests a month.\n',
  )
  expect(await run('limits relay --none')).toBe('All clients together: no limits.\n')
  expect(await readConfig()).toMatchObject({
    limits: { default: { requests_per_minute: 30, premium_requests: 100 } },
  })
  expect(JSON.stringify(await readConfig())).not.toContain('"relay":{}')
})

test('the table shows limit, use, what is left, state, reset, source and age', async () => {
  const { run, chat } = await start({ default: { requests: 2, concurrent: 4 }, relay: { requests: 2 } })
  expect(await run('limits')).toContain('vm (default)')
  await chat()
  await chat()
  const text = await run('limits')
  expect(text).toMatch(/^WHO +LIMIT +OF +USED +LEFT +STATE +RESETS +SOURCE +AGE\n/)
  expect(text).toMatch(
    /\nwhole relay +2 +requests a month +2 +0 +spent +\d{4}-\d\d-01 +counted by this relay +\S/,
  )
  expect(text).toMatch(/\n\(without token\) \(default\) +4 +requests at once +0 +4 +ok +as they end +/)
  expect(limitsOverviewSchema.parse(JSON.parse(await run('limits --json'))).states).toHaveLength(5)
})

test('what is nearly or wholly spent stands in the usage', async () => {
  const { run, chat } = await start({ relay: { requests: 5 }, clients: { unknown: { requests: 4 } } })
  for (let index = 0; index < 3; index += 1) await chat()
  expect(await run('usage')).not.toMatch(/limit/i)
  await chat()
  const text = await run('usage')
  expect(text).toContain('Limit near: All clients together: 4 of 5 requests (80 %).')
  expect(text).toMatch(
    /LIMIT SPENT: Client \(without token\): 4 of 4 requests\. What would use more is refused until \d{4}-\d\d-01 00:00 UTC\./,
  )
})

test('what cannot be is refused in words', async () => {
  const { run } = await start()
  await expect(run('clients limit nobody --usd 5')).rejects.toMatchObject({ code: 'clients.not-found' })
  await expect(run('clients limit vm')).rejects.toThrow('nothing to change')
  await expect(run('clients limit vm --default --usd 5')).rejects.toThrow('cannot stand beside')
})

test.each([
  ['--concurrent 0', '1 or more'],
  ['--requests-per-minute 10001', '10000 or less'],
  ['--requests 1.5', 'a whole number'],
  ['--usd -1', '0 or more'],
  ['--tokens 99999999999999999999', '1000000000000 or less'],
  ['--tokens 5,000', 'a number'],
])('%s is refused with what it has to be', async (option, rule) => {
  const { run } = await start()
  const says = `'${option.split(' ')[1]}' is invalid. It has to be ${rule}, or "none".`
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => write.mockRestore())
  // Commander ends the process, which no test may do.
  await expect(run(`limits relay ${option}`)).rejects.toThrow('process.exit')
  expect(write.mock.calls.join('')).toContain(says)
})

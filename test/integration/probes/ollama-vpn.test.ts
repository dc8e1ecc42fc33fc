import { execFileSync } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { askOllama } from '../../../src/main/probes/ollama/ask-ollama.ts'
import { realSurroundings, type Surroundings } from '../../../src/main/probes/ollama/surroundings.ts'
import { NO_VPN, startVpn } from '../../support/start-vpn.ts'

if (NO_VPN !== undefined) console.warn(`SKIPPED: ${NO_VPN}, so no real VPN is looked at.`)
const inVpn = test.skipIf(NO_VPN !== undefined)
const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' })

function ask(server: string, change: Partial<Surroundings> = {}) {
  const around = { ...realSurroundings({ PATH: process.env.PATH }), connectMs: 2_500, ...change }
  return askOllama(`http://${server}:11434`, AbortSignal.timeout(8_000), { around })
}

inVpn('through a VPN that is up, a server that does not listen is told as that', async () => {
  const { server } = await startVpn(onTestFinished)
  await expect(ask(server)).rejects.toMatchObject({ code: 'ollama.not-running' })
})

inVpn('with a fresh handshake a silent server is behind a firewall', async () => {
  const { closeFirewall, device, server } = await startVpn(onTestFinished)
  // The first packet makes the handshake; from then on the far end drops what is for Ollama.
  await expect(ask(server)).rejects.toMatchObject({ code: 'ollama.not-running' })
  closeFirewall()
  await expect(ask(server)).rejects.toMatchObject({
    code: 'ollama.firewall',
    message: expect.stringMatching(new RegExp(`^The VPN ${device} is up \\(handshake .* ago\\)`)) as string,
  })
  // What counts is how old it is, by the clock of this machine.
  const now = (): number => Date.now() + 12 * 60_000
  await expect(ask(server, { now })).rejects.toMatchObject({
    code: 'ollama.vpn-down',
    message: `The VPN ${device} is down: its last handshake was 12 min ago.`,
  })
})

inVpn('a VPN that never had a handshake is down', async () => {
  const { device, server } = await startVpn(onTestFinished, { isAnswered: false })
  await expect(ask(server)).rejects.toMatchObject({
    code: 'ollama.vpn-down',
    message: `The VPN ${device} has never had a handshake.`,
  })
})

inVpn('who may not see handshakes is told where to look', async () => {
  const { device, server } = await startVpn(onTestFinished, { isAnswered: false })
  const { run: really } = realSurroundings()
  const asUser: Surroundings['run'] = (program, args) =>
    program === 'wg' && args[2] !== undefined
      ? Promise.reject(new Error('Unable to access interface: Operation not permitted'))
      : really(program, args)
  await expect(ask(server, { run: asUser })).rejects.toMatchObject({
    code: 'ollama.unreachable',
    remedy: expect.stringContaining(`sudo wg show ${device} latest-handshakes`) as string,
  })
})

inVpn('a VPN without a peer for the address has no way there', async () => {
  const { device, server } = await startVpn(onTestFinished)
  const other = `${server.slice(0, -1)}7`
  ip('route', 'add', `${other}/32`, 'dev', device)
  await expect(ask(other)).rejects.toMatchObject({ code: 'ollama.vpn-down' })
})

inVpn('with the VPN gone, its private address leads nowhere', async () => {
  const { device, server } = await startVpn(onTestFinished)
  ip('route', 'del', `${server}/32`, 'dev', device)
  ip('route', 'add', 'unreachable', `${server}/32`)
  onTestFinished(() => void ip('route', 'del', 'unreachable', `${server}/32`))
  await expect(ask(server)).rejects.toMatchObject({
    code: 'ollama.vpn-down',
    message: expect.stringContaining('No way leads from this computer') as string,
  })
})

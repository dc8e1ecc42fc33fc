import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ControlPlane, ServerAddress } from '../../src/main/control/control-plane.ts'
import { killUntilGone } from '../../src/main/control/kill-run.ts'
import { tcpProbe } from '../../src/main/control/probe.ts'
import { processControl } from '../../src/main/control/process.ts'
import { magicPacket, wakeOnLanControl } from '../../src/main/control/wake-on-lan.ts'
import { webhookControl } from '../../src/main/control/webhook.ts'
import { REAL_AMBIENT } from '../../src/node/ambient.ts'
import { freePort } from '../support/free-port.ts'
import { makeTempDir } from '../support/make-temp-dir.ts'
import { startAwsWorld } from '../support/start-control.ts'
import { type SwitchableServer, switchableServer } from '../support/switchable-server.ts'
import { startFakeWebhook } from '../support/upstreams/fake-webhook.ts'

interface World {
  readonly control: ControlPlane
  /** How many servers were started; `undefined` where only the provider knows. */
  started(): number | undefined
  isUp(): Promise<boolean>
}

const NEVER = new AbortController().signal

async function untilUp(control: ControlPlane): Promise<ServerAddress> {
  for (let look = 0; look < 400; look += 1) {
    const { address, stage } = await control.query(NEVER)
    if (address !== undefined && stage === 'running') return address
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('It never came up.')
}

const killed = (control: ControlPlane, owner: string) =>
  killUntilGone({ control, owner, pollMs: 10, limitMs: 10_000 }, NEVER)

/** What every provider promises. */
function describeControlPlane(
  open: () => Promise<World>,
  can: { readonly stop: boolean; readonly countOwners: boolean },
): void {
  test('a server that nobody woke is not there', async () => {
    const { control } = await open()
    expect(await control.query(NEVER)).toMatchObject({ stage: 'stopped', address: undefined })
  })

  test('waking it twice brings up one server, at an address that accepts connections', async () => {
    const { control, started } = await open()
    await control.wake('laptop', NEVER)
    await control.wake('laptop', NEVER)
    const address = await untilUp(control)
    await control.wake('laptop', NEVER)
    expect(await tcpProbe(address, NEVER)).toBe(true)
    expect(await untilUp(control)).toEqual(address)
    expect(started() ?? 1).toBe(1)
  })

  test('a server that was killed is seen to be gone, and killing it again is no mistake', async () => {
    const { control, isUp } = await open()
    await control.wake('laptop', NEVER)
    await untilUp(control)
    const first = await killed(control, 'laptop')
    expect(first).toEqual({ kind: can.stop ? 'stopped' : 'left-on' })
    expect(await killed(control, 'laptop')).toEqual(first)
    expect(await isUp()).toBe(!can.stop)
  })

  test('a server that was killed can be woken again', async () => {
    const { control } = await open()
    await control.wake('laptop', NEVER)
    await untilUp(control)
    await killed(control, 'laptop')
    await control.wake('laptop', NEVER)
    expect(await tcpProbe(await untilUp(control), NEVER)).toBe(true)
  })

  test('killing what was never woken is no mistake', async () => {
    const { control } = await open()
    expect(await killed(control, 'laptop')).toEqual({ kind: can.stop ? 'stopped' : 'left-on' })
  })

  test.runIf(can.countOwners)('the server stays up for another owner, and goes with the last', async () => {
    const { control, isUp } = await open()
    await control.wake('laptop', NEVER)
    await control.wake('desktop', NEVER)
    await untilUp(control)
    expect(await killed(control, 'laptop')).toEqual({ kind: 'held', holders: 1 })
    expect(await isUp()).toBe(true)
    expect(await killed(control, 'desktop')).toEqual({ kind: 'stopped' })
    expect(await isUp()).toBe(false)
  })

  test('a call that is aborted fails with the reason', async () => {
    const { control } = await open()
    const reason = new Error('not any more')
    const aborted = AbortSignal.abort(reason)
    await expect(control.wake('laptop', aborted)).rejects.toBe(reason)
    await expect(control.kill('laptop', aborted)).rejects.toBe(reason)
    await control.wake('laptop', NEVER)
    await expect(control.query(aborted)).rejects.toBe(reason)
  })

  test('closing it twice is no mistake', async () => {
    const { control } = await open()
    await control.close()
    await control.close()
  })
}

async function openServer(): Promise<SwitchableServer> {
  const server = await switchableServer()
  onTestFinished(server.off)
  return server
}

describe('function URLs of AWS', () => {
  describeControlPlane(
    async () => {
      const { control, server } = await startAwsWorld()
      return { control: control(), started: () => server.starts, isUp: async () => server.isOn }
    },
    { stop: true, countOwners: true },
  )
})

describe('a webhook', () => {
  describeControlPlane(
    async () => {
      const server = await openServer()
      const folder = await makeTempDir('webhook-')
      const secret = 'a secret of 32 characters or so'
      const secretFile = join(folder, 'secret')
      await writeFile(secretFile, `${secret}\n`)
      const start = () => (server.isOn ? Promise.resolve() : server.on())
      const webhook = await startFakeWebhook({ secret, port: server.port, start, stop: server.off })
      onTestFinished(webhook.close)
      const control = webhookControl(
        { kind: 'webhook', url: webhook.url, secretFile },
        { ambient: REAL_AMBIENT, port: 8443 },
      )
      return { control, started: () => server.starts, isUp: async () => server.isOn }
    },
    { stop: true, countOwners: true },
  )
})

describe('Wake-on-LAN', () => {
  describeControlPlane(
    async () => {
      const server = await openServer()
      const card = createSocket('udp4')
      card.bind(0, '127.0.0.1')
      await once(card, 'listening')
      onTestFinished(() => {
        card.close()
      })
      const mac = '02:00:5e:10:00:ff'
      card.on('message', (packet) => {
        if (packet.equals(magicPacket(mac)) && !server.isOn) void server.on()
      })
      const control = wakeOnLanControl(
        { kind: 'wake-on-lan', mac, broadcast: '127.0.0.1' },
        {
          ambient: REAL_AMBIENT,
          server: { host: '127.0.0.1', port: server.port },
          packetPort: card.address().port,
        },
      )
      return { control, started: () => server.starts, isUp: async () => server.isOn }
    },
    { stop: false, countOwners: false },
  )
})

describe('a process of this machine', () => {
  describeControlPlane(
    async () => {
      const server = { host: '127.0.0.1', port: await freePort() }
      const code = `require('node:net').createServer().listen(${server.port}, '127.0.0.1')`
      const control = processControl(
        { kind: 'process', command: [process.execPath, '-e', code] },
        { ambient: REAL_AMBIENT, server },
      )
      onTestFinished(control.close)
      // A second one would end at once, because the port is taken, and be reported.
      return { control, started: () => undefined, isUp: () => tcpProbe(server, NEVER) }
    },
    { stop: true, countOwners: false },
  )
})

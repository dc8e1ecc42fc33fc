import { expect, onTestFinished, test } from 'vitest'
import { type BridgeProcess, isListening, startBridgeProcess } from '../../support/bridge-process.ts'
import { curl } from '../../support/curl.ts'
import { freePort } from '../../support/free-port.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { soon } from '../../support/soon.ts'
import { startWeb } from '../../support/start-hosts.ts'
import { startLaptopTunnel } from '../../support/start-laptop-tunnel.ts'
import type { FakeAwsOptions } from '../../support/upstreams/fake-aws.ts'
import type { WakeableTunnel } from '../../support/wakeable-tunnel.ts'

const MINUTE_MS = 60_000
/** A browser that opens a page. */
const BROWSER = ['-H', 'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8']

interface Laptop {
  readonly world: WakeableTunnel
  readonly bridge: BridgeProcess
  readonly proxyPort: number
  /** A page, to which everything leads through the tunnel. */
  readonly page: string
}

/** A bridge in a process of its own, as somebody starts it who has such a tunnel. */
async function startLaptop(options: FakeAwsOptions, holdSeconds = 120): Promise<Laptop> {
  const world = await startLaptopTunnel(options)
  const web = await startWeb((request, response) => response.end(`host saw ${request.url}`))
  const proxyPort = await freePort()
  const bridge = await startBridgeProcess({
    dir: await makeTempDir('laptop-'),
    settings: {
      agent: { listen: `127.0.0.1:${proxyPort}` },
      egress: { use: 'mtls', connectPorts: [web], mtls: { ...world.settings, holdSeconds } },
    },
  })
  onTestFinished(async () => void (await bridge.process.stop('SIGKILL')))
  await bridge.state(isListening, 'the proxy to listen')
  return { world, bridge, proxyPort, page: `http://127.0.0.1:${web}` }
}

const inPhase = ({ bridge }: Laptop, phase: string) =>
  bridge.state(({ egress }) => egress.tunnel.phase === phase, `a tunnel that is ${phase}`)

function waking({ bridge }: Laptop, stage: string, held: number) {
  return bridge.state(
    ({ egress: { tunnel } }) => tunnel.phase === 'waking' && tunnel.stage === stage && tunnel.held === held,
    `a tunnel that is ${stage} while ${held} wait for it`,
  )
}

test('a server sleeps until a program asks the proxy, sleeps again when idle, and ends with the bridge', async () => {
  let time = Date.now()
  const laptop = await startLaptop({ now: () => time, stageMs: 10_000 })
  const { bridge, page, proxyPort, world } = laptop
  const { aws } = world

  // The bridge looks whether it is awake, and wakes nothing for that.
  await inPhase(laptop, 'asleep')
  expect(aws.invocations).toEqual(['query'])

  // The first request wakes it, and is held while its task goes through the stages; so is a tunnel of a program.
  const first = curl(proxyPort, `${page}/first`)
  await waking(laptop, 'provisioning', 1)
  const tunnelled = curl(proxyPort, `${page}/tunnelled`, '--proxytunnel')
  for (const stage of ['provisioning', 'pending', 'activating']) {
    await waking(laptop, stage, 2)
    time += 10_000
  }
  expect(await Promise.all([first, tunnelled])).toEqual(['host saw /first 200', 'host saw /tunnelled 200'])
  const { egress } = await inPhase(laptop, 'connected')
  expect(egress).toMatchObject({
    use: 'mtls',
    control: 'aws',
    tunnel: { running: { costUsd: expect.any(Number) } },
  })
  expect(await curl(proxyPort, `${page}/awake`)).toBe('host saw /awake 200')
  expect(world.upAt).toHaveLength(1)

  // Nobody asks for a quarter of an hour: the schedule puts it to sleep, and the bridge says so.
  const looks: string[] = []
  for (let look = 0; look < 4 && aws.ecs.desired > 0; look += 1) {
    world.report()
    time += 5 * MINUTE_MS
    looks.push(JSON.parse((await aws.invoke('sleep')).body).action)
  }
  expect(looks).toEqual(['no_change', 'no_change', 'scaled_down'])
  time += MINUTE_MS
  aws.ecs.settle()
  await inPhase(laptop, 'asleep')
  expect(world.server).toBeUndefined()

  // The next request wakes it again.
  const second = curl(proxyPort, `${page}/again`)
  await waking(laptop, 'provisioning', 1)
  time += MINUTE_MS
  expect(await second).toBe('host saw /again 200')
  expect(world.upAt).toHaveLength(2)

  // Whoever ends the bridge ends the server; the bridge stays until that was seen.
  const ended = bridge.process.stop('SIGTERM')
  await soon(() => expect(aws.ecs.desired).toBe(0))
  await inPhase(laptop, 'killing')
  time += MINUTE_MS
  expect(await ended).toBe(0)
  expect(world.server).toBeUndefined()
}, 60_000)

test('a request whose server takes longer than the settings say is told so, and a later one is answered', async () => {
  let time = Date.now()
  const laptop = await startLaptop({ now: () => time, stageMs: 10_000 }, 1)
  const { page, proxyPort } = laptop
  await inPhase(laptop, 'asleep')
  const words = 'still being started after a wait of 1 s. It is provisioning now.'
  const remedy = 'Try again in a moment: the start goes on.'

  const [forBrowser, forTool, refusedTunnel] = await Promise.all([
    curl(proxyPort, page, ...BROWSER, '-i'),
    curl(proxyPort, page),
    curl(proxyPort, page, '--proxytunnel', '-w', '%{http_connect}'),
  ])
  expect(forBrowser).toMatch(/^HTTP\/1\.1 504 Gateway Timeout\r\n/)
  expect(forBrowser).toMatch(/^Content-Type: text\/html; charset=utf-8\r$/m)
  expect(forBrowser).toMatch(/^X-Bridge-Error: control\.wake-timeout\r$/m)
  expect(forBrowser).toMatch(/^<!doctype html>$/m)
  expect(forBrowser).toContain(words)
  expect(forBrowser).toContain(`<p>${remedy}</p>`)

  expect(forTool).toMatch(/ 504$/)
  expect(JSON.parse(forTool.slice(0, -' 504'.length))).toMatchObject({
    error: { code: 'control.wake-timeout', message: expect.stringContaining(words) },
    bridge: { code: 'control.wake-timeout', recovery: 'automatic', remedy },
  })
  expect(refusedTunnel).toBe('504')

  // The start went on meanwhile, for those who come later.
  await waking(laptop, 'provisioning', 0)
  time += MINUTE_MS
  await soon(async () => expect(await curl(proxyPort, `${page}/later`)).toBe('host saw /later 200'))
  expect(laptop.world.upAt).toHaveLength(1)
})

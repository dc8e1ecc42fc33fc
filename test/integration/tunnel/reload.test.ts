import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { dialAsAgent } from '../../support/dial-as-agent.ts'
import { soon } from '../../support/soon.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { agentsOf, SERVER_NAME, type TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer, makeAgent } = tunnelFixture()

const BROKEN = '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n'
const PIECE = Buffer.alloc(64 * 1024, 'a piece of what is sent ')
const STREAMS = 6
/** The traffic takes all of the processors, and other work may want them too. */
const PATIENT = { timeout: 120_000 }

/** Copies of a certificate and its key that are replaced as `certs renew` does it. */
async function changingFiles(name: string, from: { readonly cert: string; readonly key: string }) {
  const dir = join(certs.authority.dir, name)
  await mkdir(dir, { recursive: true })
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
  const replace = async (next: { readonly cert: string; readonly key: string }): Promise<void> => {
    for (const part of ['key', 'cert'] as const) {
      await copyFile(next[part], `${files[part]}.new`)
      await rename(`${files[part]}.new`, files[part])
    }
  }
  await replace(from)
  return { files, replace }
}

/** What the server shows to whoever connects now. */
async function shown(server: TestServer): Promise<string> {
  const socket = await dialAsAgent(certs, server)
  const shown = socket.getPeerX509Certificate()?.serialNumber ?? ''
  socket.destroy()
  return shown
}

/** Sends and gets back until it is told to stop. */
class Traffic {
  bytes = 0
  private due = 0
  private readonly stream: Duplex
  private readonly sent = createHash('sha256')
  private readonly got = createHash('sha256')
  private isStopping = false
  readonly done: Promise<void>

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (data: Buffer) => {
      this.got.update(data)
      this.bytes += data.length
      if (this.bytes === this.due) this.send()
    })
    this.done = once(stream, 'end').then(() => undefined)
    this.send()
  }

  /** @returns whether exactly what was sent came back. */
  async stop(): Promise<boolean> {
    this.isStopping = true
    await this.done
    return this.sent.digest('hex') === this.got.digest('hex')
  }

  /** The next piece goes out when the one before has come back: as fast as it goes, and room for handshakes. */
  private send(): void {
    if (this.isStopping) this.stream.end()
    else {
      this.sent.update(PIECE)
      this.due += PIECE.length
      this.stream.write(PIECE)
    }
  }
}

describe.each(['h2', 'envelopes'] as const)('while %s carries all it can', (protocol) => {
  async function world() {
    const own = await changingFiles(`server-${protocol}`, certs.server)
    const its = await changingFiles(`agent-${protocol}`, certs.agent)
    const server = await startServer({ tls: { ca: certs.ca, ...own.files }, lookMs: 20 })
    const agent = makeAgent(server, { protocol, tls: { ca: certs.ca, ...its.files } })
    const port = await startEcho()
    const open = () => agent.egress.connect({ host: '127.0.0.1', port }, new AbortController().signal)
    const traffic: Traffic[] = []
    for (let index = 0; index < STREAMS; index += 1) traffic.push(new Traffic(await open()))
    const flows = async (): Promise<void> => {
      const before = traffic.map(({ bytes }) => bytes)
      await soon(() => {
        for (const [index, { bytes }] of traffic.entries())
          expect(bytes).toBeGreaterThan((before[index] ?? 0) + 3 * PIECE.length)
      })
    }
    return { own, its, server, agent, traffic, flows, open }
  }

  test(
    'new certificates of the server are shown at once, broken ones are not, and no stream notices',
    PATIENT,
    async () => {
      const { own, server, agent, traffic, flows } = await world()
      const words = `the old stays: ${own.files.cert} holds no usable certificate`
      const refusals = () => server.logged().filter((line) => line.includes(words)).length
      const seen = new Set([await shown(server)])
      for (let round = 1; round <= 2; round += 1) {
        const name = `server-${protocol}-${round}`
        await own.replace(await certs.authority.issue(name, { kind: 'server', extraNames: [SERVER_NAME] }))
        await soon(async () => expect(seen).not.toContain(await shown(server)))
        const now = await shown(server)
        seen.add(now)
        await flows()
        // A look between the key and its certificate, or into a file half written, is logged as well.
        const before = refusals()
        await writeFile(own.files.cert, BROKEN)
        await soon(() => expect(refusals()).toBeGreaterThan(before))
        expect(await shown(server)).toBe(now)
        await flows()
      }
      for (const one of traffic) expect(await one.stop()).toBe(true)
      expect(agent.states.map(({ phase }) => phase)).toEqual(['connecting', 'connected'])
    },
  )

  test(
    'a new connection of the agent shows its new certificate, and the old one where the new is broken',
    PATIENT,
    async () => {
      const { its, server, agent, traffic, flows, open } = await world()
      const terms = { serverName: SERVER_NAME, protocol, tls: { ca: certs.ca, ...its.files } }
      await writeFile(its.files.cert, BROKEN)
      agent.egress.use(terms, 3_600_000)
      const more = [new Traffic(await open())]
      await flows()
      await its.replace(await certs.authority.issue(`desk-${protocol}`))
      agent.egress.use(terms, 3_600_000)
      more.push(new Traffic(await open()))
      await flows()
      expect(agentsOf(server)).toEqual(['laptop', 'laptop', `desk-${protocol}`])
      for (const one of [...traffic, ...more]) expect(await one.stop()).toBe(true)
    },
  )
})

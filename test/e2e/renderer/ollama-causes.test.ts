import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checksText } from '../../../src/cli/commands/doctor.ts'
import { realSurroundings, type Surroundings } from '../../../src/main/probes/ollama/surroundings.ts'
import type { ErrorCode } from '../../../src/shared/errors/codes.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { freePort } from '../../support/free-port.ts'
import { makeBusyState, makeDashboardApi } from '../../support/make-dashboard.ts'
import { createNetworkNamespace, NO_NAMESPACES } from '../../support/network-namespace.ts'
import { type OpenedPage, type RendererBrowser, startRendererBrowser } from '../../support/open-renderer.ts'
import { startBridge } from '../../support/start-bridge.ts'
import {
  addOrigin,
  HAS_IPV6_LOOPBACK,
  OWN_ADDRESS,
  passTo,
  startForwardProxy,
  takeAnd,
} from '../../support/start-ollama-troubles.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'
import { NO_VPN, startVpn } from '../../support/start-vpn.ts'
import {
  type FakeOllama,
  type FakeOllamaOptions,
  startFakeOllama,
} from '../../support/upstreams/fake-ollama.ts'

let browser: RendererBrowser
let opened: OpenedPage
const api = makeDashboardApi(makeBusyState(Date.now()), Date.now())
beforeAll(async () => {
  browser = await startRendererBrowser()
  opened = await browser.open(api)
})
afterAll(() => browser.close())

/** What the environment of the tests says of proxies is nothing of theirs. */
const around = (change: Partial<Surroundings> = {}): Surroundings => ({
  ...realSurroundings({ PATH: process.env.PATH }),
  ...{ connectMs: 1_500, answerMs: 6_000, ...change },
})

interface Situation {
  readonly url: string
  readonly via?: string
  readonly hosts?: Readonly<Record<string, Sshd>>
  readonly around?: Partial<Surroundings>
}

interface Row {
  readonly what: string
  readonly arrange: () => Promise<Situation>
  readonly code: ErrorCode
  /** In the words of the message. */
  readonly says: RegExp
  /** In the words of the remedy. */
  readonly advises: RegExp
  /** Answers all the same. */
  readonly isNote?: boolean
  readonly isSkipped?: boolean
}

async function ollama(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const long = { name: 'qwen3:8b', context_length: 65_536 }
  const started = await startFakeOllama({ loaded: [long], traps: { contextLength: 65_536 }, ...options })
  onTestFinished(() => started.close())
  return started
}

/** An answer of this kind to everything. */
async function answering(
  status: number,
  headers: Readonly<Record<string, string>>,
  body = '',
): Promise<Situation> {
  const started = await ollama()
  started.behave((_request, response) => {
    response.writeHead(status, headers)
    response.end(body)
  })
  return { url: started.url }
}

const portOf = (url: string): number => Number(new URL(url).port)
const sshd = (config: readonly string[] = []) => startSshd({ teardown: onTestFinished, config })
const HTML = { 'content-type': 'text/html' }
const JSON_TYPE = { 'content-type': 'application/json' }

const ROWS: readonly Row[] = [
  {
    what: 'it is not running',
    arrange: async () => ({ url: `http://127.0.0.1:${await freePort()}` }),
    ...{ code: 'ollama.not-running', says: /Nothing listens on 127\.0\.0\.1/, advises: /Start Ollama/ },
  },
  {
    what: 'localhost is ::1, and it listens on 127.0.0.1',
    isSkipped: !HAS_IPV6_LOOPBACK,
    arrange: async () => ({ url: `http://[::1]:${portOf((await ollama()).url)}` }),
    ...{ code: 'ollama.localhost', says: /answers at 127\.0\.0\.1/, advises: /Write http:\/\/127\.0\.0\.1/ },
  },
  {
    what: 'localhost is ::1 first, and the second address answers',
    isSkipped: !HAS_IPV6_LOOPBACK,
    isNote: true,
    arrange: async () => ({
      url: `http://localhost:${portOf((await ollama()).url)}`,
      around: { resolve: async () => ['::1', '127.0.0.1'] },
    }),
    ...{ code: 'ollama.localhost', says: /localhost means ::1 first/, advises: /127\.0\.0\.1/ },
  },
  {
    what: 'it listens on loopback, and is asked at the address of the machine',
    isSkipped: OWN_ADDRESS === undefined,
    arrange: async () => ({ url: `http://${OWN_ADDRESS}:${portOf((await ollama()).url)}` }),
    ...{ code: 'ollama.wrong-bind', says: /listens on 127\.0\.0\.1:\d+ only/, advises: /OLLAMA_HOST/ },
  },
  {
    what: 'OLLAMA_HOST has another address',
    isSkipped: OWN_ADDRESS === undefined,
    arrange: async () => {
      const port = await passTo((await ollama()).url, OWN_ADDRESS ?? '', onTestFinished)
      return { url: `http://127.0.0.1:${port}` }
    },
    ...{ code: 'ollama.moved', says: /Nothing listens on 127.*answers at/, advises: /OLLAMA_HOST names/ },
  },
  {
    what: 'OLLAMA_HOST has another port',
    arrange: async () => {
      const { host } = new URL((await ollama()).url)
      return { url: `http://127.0.0.1:${await freePort()}`, around: { env: { OLLAMA_HOST: host } } }
    },
    ...{ code: 'ollama.moved', says: /answers at 127\.0\.0\.1:\d+/, advises: /OLLAMA_HOST names/ },
  },
  {
    what: 'it refuses the name: an empty 403',
    arrange: async () => ({ url: (await ollama({ ownsHost: (host) => host === 'localhost' })).url }),
    ...{ code: 'ollama.host-refused', says: /refuses requests that call it/, advises: /IP address/ },
  },
  {
    what: 'a proxy before it adds an Origin: an empty 403',
    arrange: async () => ({
      url: `http://127.0.0.1:${await addOrigin((await ollama()).url, onTestFinished)}`,
    }),
    ...{ code: 'ollama.origin-refused', says: /adds an Origin/, advises: /never \*/ },
  },
  {
    what: 'an HTTP proxy answers in its place',
    arrange: async () => ({ url: `http://127.0.0.1:${(await startForwardProxy(onTestFinished)).port}` }),
    ...{ code: 'ollama.proxy', says: /squid\/6\.6 answers in place/, advises: /NO_PROXY/ },
  },
  {
    what: 'HTTP_PROXY catches programs here, and NO_PROXY leaves nothing out',
    isNote: true,
    arrange: async () => {
      const proxy = await startForwardProxy(onTestFinished)
      onTestFinished(() => expect(proxy.asked(), 'goes there straight').toBe(0))
      const env = { HTTP_PROXY: `http://user:secret@127.0.0.1:${proxy.port}`, NODE_USE_ENV_PROXY: '1' }
      return { url: (await ollama()).url, around: { env } }
    },
    ...{
      code: 'ollama.proxy',
      says: /HTTP_PROXY sends programs .* to the proxy 127\.0\.0\.1:\d+,/,
      advises: /NO_PROXY/,
    },
  },
  {
    what: 'the address has no port, which means 80',
    // A loopback address of nobody, so that its port 80 is free.
    arrange: async () => ({ url: 'http://127.93.17.4' }),
    ...{ code: 'ollama.no-port', says: /names no port, which means 80/, advises: /11434/ },
  },
  {
    what: 'nothing is loaded, so the first answer waits',
    isNote: true,
    arrange: async () => ({ url: (await ollama({ loaded: [] })).url }),
    ...{ code: 'ollama.cold', says: /first answer waits/, advises: /ollama warm/ },
  },
  {
    what: 'it takes the connection and says nothing for long',
    arrange: async () => {
      const port = await takeAnd(() => undefined, onTestFinished)
      return { url: `http://127.0.0.1:${port}`, around: { answerMs: 700 } }
    },
    ...{ code: 'ollama.silent', says: /does not answer in time/, advises: /loads a large model/ },
  },
  {
    what: 'its queue is full',
    arrange: () => answering(503, JSON_TYPE, '{"error":"server busy, please try again"}'),
    ...{ code: 'ollama.busy', says: /no room in its queue/, advises: /OLLAMA_MAX_QUEUE/ },
  },
  {
    what: 'the context is too short for agents',
    isNote: true,
    arrange: async () => ({
      url: (await ollama({ loaded: [{ name: 'a', context_length: 4_096 }], traps: { contextLength: 4_096 } }))
        .url,
    }),
    ...{ code: 'ollama.short-context', says: /context of 4096 tokens/, advises: /OLLAMA_CONTEXT_LENGTH/ },
  },
  {
    what: 'a model of the cloud, and nobody signed in',
    isNote: true,
    arrange: async () => ({
      url: (await ollama({ traps: { cloud: 'signed-out', contextLength: 65_536 } })).url,
    }),
    ...{ code: 'ollama.signed-out', says: /runs at ollama\.com/, advises: /ollama signin/ },
  },
  {
    what: 'a firewall drops packets to it',
    isSkipped: NO_NAMESPACES !== undefined,
    arrange: async () => {
      const namespace = await createNetworkNamespace(onTestFinished)
      await namespace.blackhole()
      return { url: `http://${namespace.address}:11434` }
    },
    ...{ code: 'ollama.firewall', says: /dropped: there is no answer/, advises: /Allow TCP/ },
  },
  {
    what: 'the VPN to it is down',
    isSkipped: NO_VPN !== undefined,
    arrange: async () => {
      const { server } = await startVpn(onTestFinished, { isAnswered: false })
      return { url: `http://${server}:11434` }
    },
    ...{ code: 'ollama.vpn-down', says: /never had a handshake/, advises: /Bring the VPN up/ },
  },
  {
    what: 'the VPN to it is up, and a firewall behind it closed',
    isSkipped: NO_VPN !== undefined,
    arrange: async () => {
      const vpn = await startVpn(onTestFinished)
      // The first packets make the handshake.
      await fetch(`http://${vpn.server}:11434`).catch(() => undefined)
      vpn.closeFirewall()
      return { url: `http://${vpn.server}:11434` }
    },
    ...{ code: 'ollama.firewall', says: /VPN sbvpn\d+ is up \(handshake/, advises: /perimeter verify/ },
  },
  {
    what: 'a firewall cuts the connection',
    arrange: async () => {
      const port = await takeAnd(
        (socket) => socket.once('data', () => socket.resetAndDestroy()),
        onTestFinished,
      )
      return { url: `http://127.0.0.1:${port}` }
    },
    ...{
      code: 'ollama.firewall',
      says: /cut before there was an answer \(ECONNRESET\)/,
      advises: /Allow TCP/,
    },
  },
  {
    what: 'another machine is there, and nothing listens on it',
    isSkipped: NO_NAMESPACES !== undefined,
    arrange: async () => {
      const namespace = await createNetworkNamespace(onTestFinished)
      return { url: `http://${namespace.address}:11434` }
    },
    ...{
      code: 'ollama.not-running',
      says: /machine of .* answers, but nothing listens/,
      advises: /own loopback only/,
    },
  },
  {
    what: 'the name has no address',
    arrange: async () => ({ url: 'http://no-such-host.invalid:11434' }),
    ...{ code: 'ollama.unreachable', says: /has no address/, advises: /VPN/ },
  },
  {
    what: 'it is another program',
    arrange: () => answering(200, HTML, '<html>'),
    ...{ code: 'ollama.not-ollama', says: /a page for people/, advises: /11434/ },
  },
  {
    what: 'it is no HTTP at all',
    arrange: async () => {
      const port = await takeAnd((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), onTestFinished)
      return { url: `http://127.0.0.1:${port}` }
    },
    ...{ code: 'ollama.not-ollama', says: /something else than HTTP/, advises: /11434/ },
  },
  {
    what: 'something before it wants a login',
    arrange: () => answering(401, JSON_TYPE, '{}'),
    ...{ code: 'ollama.access-denied', says: /without credentials/, advises: /no login/ },
  },
  {
    what: 'over SSH: it is not running there',
    arrange: async () => ({
      ...{ url: `http://127.0.0.1:${await freePort()}`, via: 'tower', hosts: { tower: await sshd() } },
    }),
    ...{ code: 'ollama.not-running', says: /as seen from tower/, advises: /Start Ollama/ },
  },
  {
    what: 'over SSH: it listens on loopback there only',
    isSkipped: OWN_ADDRESS === undefined,
    arrange: async () => ({
      url: `http://${OWN_ADDRESS}:${portOf((await ollama()).url)}`,
      ...{ via: 'tower', hosts: { tower: await sshd() } },
    }),
    ...{ code: 'ollama.wrong-bind', says: /runs on tower, but listens on 127/, advises: /OLLAMA_HOST/ },
  },
  {
    what: 'over SSH: the server forwards nothing',
    arrange: async () => ({
      ...{
        url: 'http://127.0.0.1:11434',
        via: 'tower',
        hosts: { tower: await sshd(['AllowTcpForwarding no']) },
      },
    }),
    ...{
      code: 'ssh.forwarding-refused',
      says: /does not allow forwarding/,
      advises: /AllowTcpForwarding yes/,
    },
  },
  {
    what: 'over SSH: the machine itself is not reached',
    arrange: async () => {
      const tower = await sshd()
      await tower.stop()
      return { url: 'http://127.0.0.1:11434', via: 'tower', hosts: { tower } }
    },
    ...{ code: 'ssh.connection-refused', says: /tower refused the connection/, advises: /./ },
  },
]

/** What the bridge finds, what doctor prints, and what the card shows. */
async function lookThrice({ hosts = {}, url, via, around: change }: Situation): Promise<{
  readonly ollama: BridgeState['ollama']
  readonly line: string
  readonly card: string
}> {
  const { bridge } = await startBridge({
    teardown: onTestFinished,
    profile: { ollama: { url, ...(via === undefined ? {} : { via }) } },
    hosts,
    services: { around: around(change) },
  })
  const { at, checks } = await bridge.api.runChecks({})
  const { ollama } = bridge.state
  const line = checksText({ at, checks: checks.filter(({ id }) => id === 'ollama') })
  api.publish({ ...makeBusyState(Date.now()), ollama })
  const card = opened.page.getByRole('region', { name: 'Ollama', exact: true })
  const [first] = ollama.kind === 'failing' ? [ollama.cause] : ollama.kind === 'ok' ? ollama.notes : []
  const shown = first?.message ?? ('place' in ollama ? ollama.place : '')
  await card.getByText(shown, { exact: true }).first().waitFor()
  return { ollama, line, card: await card.innerText() }
}

describe('every cause is told apart, from the socket to the line of doctor and the card', () => {
  for (const { advises, arrange, code, isNote = false, isSkipped = false, says, what } of ROWS)
    test.skipIf(isSkipped)(what, async () => {
      const { card, line, ollama: found } = await lookThrice(await arrange())
      const failures = found.kind === 'failing' ? [found.cause] : found.kind === 'ok' ? found.notes : []
      expect({ kind: found.kind, codes: failures.map((failure) => failure.code) }).toEqual({
        ...{ kind: isNote ? 'ok' : 'failing', codes: [code] },
      })
      const [failure] = failures
      const { message = '', remedy = '' } = failure ?? {}
      expect(message).toMatch(says)
      expect(remedy).toMatch(advises)
      // That a model has to be loaded first is no fault, so nothing has to be done.
      const isFine = code === 'ollama.cold'
      expect(line).toContain(isFine ? message : remedy)
      expect(line).toContain(message)
      expect(line.startsWith(isNote ? (isFine ? 'ok' : 'WARNING') : 'FAILED')).toBe(true)
      expect(card).toContain(message)
      expect(card).toContain(remedy)
    })
})

test('an Ollama that only another machine reaches is asked from there', async () => {
  const fake = await ollama()
  const tower = await sshd()
  const { card, line, ollama: found } = await lookThrice({ url: fake.url, via: 'tower', hosts: { tower } })
  expect(found).toMatchObject({ kind: 'ok', via: 'tower', version: '0.33.0', notes: [] })
  expect(line).toContain('(asked from tower)')
  expect(card).toMatch(/Asked from\s+tower/)
  // The connection was for this question only: nobody wants the bridge to be connected.
  await expect.poll(() => tower.sessionPids()).toEqual([])
})

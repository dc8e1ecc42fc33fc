import { createServer as createTcpServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { askOllama } from '../../../src/main/probes/ollama/ask-ollama.ts'
import { realSurroundings } from '../../../src/main/probes/ollama/surroundings.ts'
import type { OllamaState } from '../../../src/shared/state/ollama.ts'
import { freePort } from '../../support/free-port.ts'
import { startBridge } from '../../support/start-bridge.ts'
import { startOllama } from '../../support/start-ollama.ts'
import { startSshd } from '../../support/start-sshd.ts'

const POLL = { timeout: 20_000 }

/** What the environment of the tests says of proxies is nothing of theirs. */
const AROUND = realSurroundings({ PATH: process.env.PATH })
const ask = (url: string, timeoutMs = 10_000) =>
  askOllama(url, AbortSignal.timeout(timeoutMs), { around: AROUND })

describe('an Ollama that answers', () => {
  test('tells its version, its models and what is loaded, with a warning for a short context', async () => {
    const { url } = await startOllama()
    expect(await ask(url)).toEqual({
      version: '0.33.0',
      models: [
        {
          name: 'qwen3:8b',
          sizeBytes: 5_225_388_164,
          parameters: '8.2B',
          quantization: 'Q4_K_M',
          isCloud: false,
        },
        {
          name: 'gpt-oss:120b-cloud',
          sizeBytes: 384,
          parameters: undefined,
          quantization: undefined,
          isCloud: true,
        },
      ],
      loaded: [
        {
          name: 'qwen3:8b',
          vramBytes: 6_200_000_000,
          contextLength: 4096,
          hasShortContext: true,
          expiresAt: Date.parse('2026-11-21T12:05:00Z'),
        },
      ],
      listed: 2,
      notes: [expect.objectContaining({ code: 'ollama.short-context' }) as unknown],
    })
  })

  test('may be behind a path and may leave out what older versions do not tell', async () => {
    const ollama = await startOllama()
    ollama.behave(({ path }, response) => {
      const answers: Record<string, unknown> = {
        '/ai/api/version': { version: '0.1.0' },
        '/ai/api/tags': { models: null },
        '/ai/api/ps': { models: [{ name: 'old', expires_at: 'never' }] },
      }
      if (answers[path] === undefined) response.statusCode = 404
      response.end(JSON.stringify(answers[path] ?? {}))
    })
    expect(await ask(`${ollama.url}/ai/`)).toEqual({
      version: '0.1.0',
      models: [],
      loaded: [
        {
          name: 'old',
          vramBytes: undefined,
          contextLength: undefined,
          hasShortContext: false,
          expiresAt: undefined,
        },
      ],
      listed: undefined,
      notes: [],
    })
  })

  test('may have ten thousand models', async () => {
    const models = Array.from({ length: 10_000 }, (_, index) => ({ name: `model-${index}`, size: index }))
    const { url } = await startOllama({ models })
    expect((await ask(url)).models).toHaveLength(10_000)
  })

  test('with enough context needs no warning', async () => {
    const { url } = await startOllama({ loaded: [{ name: 'a', context_length: 65_536 }] })
    expect((await ask(url)).loaded[0]?.hasShortContext).toBe(false)
  })
})

describe('what keeps an Ollama from answering is told apart', () => {
  test('nothing listens', async () => {
    const port = await freePort()
    await expect(ask(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: 'ollama.not-running',
      message: `Nothing listens on 127.0.0.1:${port}.`,
      remedy: expect.stringContaining('OLLAMA_HOST') as string,
    })
  })

  test('the host has no address', async () => {
    await expect(ask('http://no-such-host.invalid:11434')).rejects.toMatchObject({
      code: 'ollama.unreachable',
      message: 'no-such-host.invalid has no address.',
    })
  })

  test('it is called by a name that it does not take: an empty 403', async () => {
    const { url } = await startOllama({ ownsHost: (host) => host === 'localhost' })
    await expect(ask(url)).rejects.toMatchObject({ code: 'ollama.host-refused' })
  })

  test.each([
    ['a login in front of it', 401, 'application/json', '{}', 'ollama.access-denied'],
    ['a forbidding proxy', 403, 'text/html', '<html>', 'ollama.access-denied'],
    ['a full queue', 503, 'application/json', '{"error":"server busy"}', 'ollama.busy'],
    ['a proxy without an Ollama behind it', 502, 'text/html', '<html>', 'ollama.not-running'],
    ['a proxy that waits in vain', 503, 'text/html', '<html>', 'ollama.not-running'],
    ['a web page', 200, 'text/html', '<html>', 'ollama.not-ollama'],
    ['another API', 404, 'application/json', '{"error":"not found"}', 'ollama.not-ollama'],
    ['an answer in another shape', 200, 'application/json', '{"version":3}', 'ollama.not-ollama'],
    ['a redirect', 302, 'text/html', '', 'ollama.not-ollama'],
  ])('%s', async (_what, status, type, body, code) => {
    const ollama = await startOllama()
    ollama.behave((_request, response) => {
      response.writeHead(status, { 'content-type': type, ...(status === 302 ? { location: '/login' } : {}) })
      response.end(body)
    })
    await expect(ask(ollama.url)).rejects.toMatchObject({ code })
  })

  test('it takes the connection and says nothing', async () => {
    const ollama = await startOllama()
    ollama.behave(() => undefined)
    await expect(ask(ollama.url, 200)).rejects.toMatchObject({
      code: 'ollama.silent',
      message: expect.stringContaining('does not answer in time') as string,
    })
  })

  test('it speaks no HTTP, or no TLS', async () => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    const port = await freePort()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    await expect(ask(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'ollama.not-ollama' })
    const { url } = await startOllama()
    await expect(ask(url.replace('http:', 'https:'))).rejects.toMatchObject({
      message: expect.stringContaining('does not speak TLS') as string,
    })
  })
})

describe('in the state of the bridge', () => {
  const kindIs =
    (kind: OllamaState['kind']) =>
    ({ ollama }: { ollama: OllamaState }): boolean =>
      ollama.kind === kind

  test('it is off where the profile names none', async () => {
    const { bridge } = await startBridge({ teardown: onTestFinished, profile: {} })
    await bridge.api.probeOllama({})
    expect(bridge.state.ollama).toEqual({ kind: 'off' })
  })

  test('it is asked when somebody watches and the bridge connects, and again on demand', async () => {
    const ollama = await startOllama()
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      profile: { ollama: { url: ollama.url } },
    })
    expect(bridge.state.ollama).toEqual({ kind: 'unknown', place: new URL(ollama.url).host })
    const unsubscribe = bridge.api.on('state', () => undefined)
    onTestFinished(unsubscribe)
    await bridge.connect()
    await state(kindIs('ok'), 'answer of the Ollama')
    await ollama.close()
    await bridge.api.probeOllama({})
    expect(bridge.state.ollama).toMatchObject({ kind: 'failing', cause: { code: 'ollama.not-running' } })
  })

  test('nobody is asked while nobody watches', async () => {
    const ollama = await startOllama()
    const { bridge } = await startBridge({
      teardown: onTestFinished,
      profile: { ollama: { url: ollama.url } },
    })
    await bridge.connect()
    await bridge.disconnect(0)
    expect(ollama.requests).toEqual([])
  })

  test('settings that name another one count at once', async () => {
    const ollama = await startOllama()
    const { bridge, agentPort } = await startBridge({ teardown: onTestFinished, profile: {} })
    const text = JSON.stringify({
      agent: { listen: `127.0.0.1:${agentPort}` },
      ollama: { url: ollama.url },
    })
    await bridge.api.saveSettings({ text })
    expect(bridge.state.ollama.kind).toBe('unknown')
    await bridge.api.probeOllama({})
    expect(bridge.state.ollama.kind).toBe('ok')
  })
})

describe('from an SSH host', () => {
  const isOk = ({ ollama }: { ollama: OllamaState }): boolean => ollama.kind === 'ok'

  test('the connection that a client has to the same host is used', async () => {
    const ollama = await startOllama()
    const tower = await startSshd({ teardown: onTestFinished })
    const listen = `127.0.0.1:${await freePort()}`
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      hosts: { tower },
      profile: {
        clients: [{ name: 'builder', ssh: 'tower', listen }],
        ollama: { url: ollama.url, via: 'tower' },
      },
    })
    await bridge.connect()
    await state(({ clients }) => clients[0]?.link.phase === 'connected', 'connection to the client')
    await bridge.api.probeOllama({})
    expect(isOk(bridge.state)).toBe(true)
    expect(tower.log().match(/Accepted publickey/g)).toHaveLength(1)
  })

  test('a connection of its own lasts while the bridge is connected, and comes back by itself', async () => {
    const ollama = await startOllama()
    const tower = await startSshd({ teardown: onTestFinished })
    const { bridge, state } = await startBridge({
      teardown: onTestFinished,
      hosts: { tower },
      profile: { ollama: { url: ollama.url, via: 'tower' } },
    })
    await bridge.connect()
    await bridge.api.probeOllama({})
    await bridge.api.probeOllama({})
    expect(bridge.state.ollama).toMatchObject({ kind: 'ok', via: 'tower' })
    expect(tower.log().match(/Accepted publickey/g)).toHaveLength(1)
    await tower.stop()
    await expect
      .poll(async () => {
        await bridge.api.probeOllama({})
        const { ollama: found } = bridge.state
        return found.kind === 'failing' ? found.cause.code : found.kind
      }, POLL)
      .toMatch(/^ssh\./)
    await tower.start()
    await expect
      .poll(async () => {
        await bridge.api.probeOllama({})
        return bridge.state.ollama.kind
      }, POLL)
      .toBe('ok')
    await bridge.disconnect(0)
    await state(({ wanted }) => wanted === 'disconnected', 'end of the connections')
    await expect.poll(() => tower.sessionPids(), POLL).toEqual([])
  })
})

import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bridgeLines } from '../../../src/cli/bridge-text.ts'
import { textWidth } from '../../../src/cli/terminal-text.ts'
import { AppError, type Failure, toFailure } from '../../../src/shared/errors/app-error.ts'
import type { ErrorCode } from '../../../src/shared/errors/codes.ts'
import type { BridgeState, RelayState } from '../../../src/shared/state/bridge-state.ts'
import { makeBridgeState, makeClientState, NOON } from '../../support/make-bridge-state.ts'

const MINUTE = 60_000

function failure(code: ErrorCode, message: string, cause?: AppError): Failure {
  return toFailure(new AppError(code, message, { cause }))
}

function page(state: BridgeState, width: number): string {
  return `\n${bridgeLines(state, NOON, { width, color: false }).join('\n')}\n`
}

const PI: RelayState = {
  kind: 'ssh',
  place: 'pi:8080',
  link: { phase: 'connected', since: NOON - 125 * MINUTE, roundTripMs: 3.2 },
  health: {
    kind: 'ok',
    at: NOON - 4000,
    version: '0.1.0',
    roundTripMs: 8.42,
    upstreams: [
      { name: 'copilot', signedIn: true },
      { name: 'openrouter', signedIn: false },
    ],
  },
}
const TRAFFIC = {
  bytesToClient: 12_345_678,
  bytesFromClient: 345_678,
  openChannels: 0,
  totalChannels: 40,
  lastByteAt: NOON - 7 * MINUTE,
}

test('a bridge that was just started says what it waits for', () => {
  expect(page(makeBridgeState({ startedAt: NOON - 5000 }), 60)).toBe(`
Sovereign Bridge 0.1.0 · default             running for 5 s

◐ On the way to the relay.

Clients
│ ○ none yet; add them under "clients" in the settings
▼
This machine
│ ● agent           listening on 127.0.0.1:8080 for 0 s
▼
Relay
│ ◐ in this bridge  connected for 0 s, not asked yet
▼
Upstreams
  ○ known once the relay answers
`)
})

test('a path that works is drawn with since when, latency and bytes both ways', () => {
  const state = makeBridgeState({
    startedAt: NOON - 130 * MINUTE,
    profile: 'work',
    relay: PI,
    clients: [
      makeClientState({
        link: { phase: 'connected', since: NOON - 125 * MINUTE, roundTripMs: 12 },
        traffic: TRAFFIC,
      }),
      makeClientState({
        name: 'gpu',
        path: { kind: 'not-checkable', at: NOON, reason: 'AllowTcpForwarding is off' },
        traffic: { ...TRAFFIC, openChannels: 2 },
      }),
      makeClientState({ name: 'old', place: 'eve@10.0.0.7:2222', enabled: false }),
    ],
  })
  expect(page(state, 100)).toBe(`
Sovereign Bridge 0.1.0 · work                                                 running for 2 h 10 min

● Both clients reach the relay.

Clients
│ ● builder     connected for 2 h 5 min
│               SSH 12 ms · relay 31 ms · listens on 127.0.0.1:8080 · 11.8 MiB in, 337.6 KiB out
│               quiet for 7 min
│ ● gpu         connected for 0 s
│               SSH 12 ms · listens on 127.0.0.1:8080 · 11.8 MiB in, 337.6 KiB out · 2 under way
│               path cannot be tried from there: AllowTcpForwarding is off
│ ○ old         switched off
│               eve@10.0.0.7:2222
▼
This machine
│ ● agent       listening on 127.0.0.1:8080 for 0 s
▼
Relay
│ ● pi:8080     connected for 2 h 5 min
│               SSH 3.2 ms · answers in 8.4 ms · version 0.1.0 · asked 4 s ago
▼
Upstreams
  ● copilot     signed in
  ○ openrouter  not signed in
`)
})

test('trouble says what happened, why, when the next try is and what to do, under the open questions', () => {
  const state = makeBridgeState({
    startedAt: NOON - 50 * 60 * MINUTE,
    relay: PI,
    prompts: [
      {
        id: '1',
        askedAt: NOON - 9000,
        kind: 'host-key',
        host: 'web.example.org',
        port: 22,
        keyType: 'ssh-ed25519',
        fingerprint: 'SHA256:9Yg0m4kUe0sNw6u4lqzV3c7mJ7Zq0sFqkqTnWc2dJxo',
      },
    ],
    clients: [
      makeClientState({
        link: {
          phase: 'reconnecting',
          attempt: 3,
          since: NOON - 12_000,
          nextTryAt: NOON + 3400,
          cause: failure(
            'ssh.connection-lost',
            'The SSH connection to builder was cut.',
            new AppError('ssh.peer-dead', 'Nothing came for 20 s.'),
          ),
        },
        traffic: TRAFFIC,
      }),
      makeClientState({
        name: 'web',
        place: 'web.example.org',
        link: { phase: 'connecting', step: 'waiting-for-you', attempt: 1, since: NOON - 9000 },
        path: { kind: 'unproven' },
      }),
      makeClientState({
        name: 'ci runner',
        place: 'ci',
        listener: {
          phase: 'failed',
          address: '127.0.0.1:8080',
          since: NOON - MINUTE,
          otherPort: 8081,
          cause: failure('ssh.remote-port-taken', '127.0.0.1:8080 on ci is held by caddy (process 812).'),
        },
      }),
    ],
    agent: {
      phase: 'failed',
      address: '127.0.0.1:8080',
      since: NOON - 60 * MINUTE,
      cause: failure('port.taken', '127.0.0.1:8080 is held by node (process 4711).'),
    },
  })
  expect(page(state, 60)).toBe(`
Sovereign Bridge 0.1.0 · default         running for 2 d 2 h

✗ 0 of 3 clients reach the relay.

? Is this the right web.example.org, port 22? Its key was
  never seen before.
  ssh-ed25519
  SHA256:9Yg0m4kUe0sNw6u4lqzV3c7mJ7Zq0sFqkqTnWc2dJxo
  asked 9 s ago

→ Answer: sovereign prompts

Clients
│ ↻ builder     down for 12 s, next try in 4 s (attempt 3)
│   11.8 MiB in, 337.6 KiB out · quiet for 7 min
│   The SSH connection to builder was cut.
│   (Nothing came for 20 s.)
│   → Nothing to do: it reconnects by itself.
│ ! web         waiting for your answer for 9 s
│   web.example.org
│ ✗ ci runner   connected, cannot listen on 127.0.0.1:8080
│               for 1 min
│   ci · SSH 12 ms
│   127.0.0.1:8080 on ci is held by caddy (process 812).
│   → Port 8081 is free: sovereign use-port 'ci runner' 8081
▼
This machine
│ ✗ agent       cannot listen on 127.0.0.1:8080 for 1 h
│   127.0.0.1:8080 is held by node (process 4711).
│   → Stop that program, or choose the port that is offered
│     instead.
▼
Relay
│ ● pi:8080     connected for 2 h 5 min
│   SSH 3.2 ms · answers in 8.4 ms · version 0.1.0
│   asked 4 s ago
▼
Upstreams
  ● copilot     signed in
  ○ openrouter  not signed in
`)
})

test('a provider is ready or misses its key, and is signed in to nowhere', () => {
  const upstreams = (isBoxReady: boolean) => [
    { name: 'copilot', signedIn: false },
    { name: 'gpubox', signedIn: isBoxReady },
  ]
  const shown = (isBoxReady: boolean): string => {
    const health = { ...PI.health, upstreams: upstreams(isBoxReady) } as RelayState['health']
    return page(makeBridgeState({ relay: { ...PI, health } }), 64)
  }
  expect(shown(true)).toMatch(/○ copilot +not signed in/)
  expect(shown(true)).toMatch(/● gpubox +ready/)
  expect(shown(true)).not.toContain('sovereign relay')
  expect(shown(false)).toMatch(/! gpubox +key missing/)
  expect(shown(false)).toContain('→ On the relay: sovereign relay providers list')
})

test.each([
  ['○ Disconnected, as you wished.', { wanted: 'disconnected', relay: { ...PI, link: { phase: 'idle' } } }],
  ['◐ Disconnecting; streams may finish.', { wanted: 'disconnected', relay: PI }],
  ['● The relay is ready. No clients to connect.', { relay: PI }],
  ['● The client reaches the relay.', { relay: PI, clients: [makeClientState()] }],
  [
    '◐ The client does not reach the relay.',
    { relay: PI, clients: [makeClientState({ path: { kind: 'unproven' } })] },
  ],
  ['○ The relay is not connected.', { relay: { ...PI, link: { phase: 'idle' } } }],
  [
    '✗ The relay does not work.',
    {
      relay: {
        ...PI,
        health: { kind: 'failing', at: NOON, cause: failure('relay.unreachable', 'Nothing answers.') },
      },
    },
  ],
  [
    '! The relay is signed in to no upstream.',
    {
      relay: {
        ...PI,
        health: {
          kind: 'ok',
          at: NOON,
          version: '0.1.0',
          roundTripMs: 1,
          upstreams: [{ name: 'copilot', signedIn: false }],
        },
      },
    },
  ],
] satisfies [string, Partial<BridgeState>][])('the whole in one sentence: %s', (sentence, change) => {
  expect(bridgeLines(makeBridgeState(change), NOON, { width: 80, color: false })[2]).toBe(sentence)
})

test('says where to sign in: here when the relay is in the bridge, else on its machine', () => {
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 1, upstreams } as const
  const here = page(makeBridgeState({ relay: { ...makeBridgeState().relay, health } }), 80)
  const there = page(makeBridgeState({ relay: { ...PI, health } }), 80)
  expect(here).toContain('→ In another terminal: sovereign relay login')
  expect(there).toContain('→ On the relay: sovereign relay login')
})

test('colour repeats what the symbols say and changes no text', () => {
  const state = makeBridgeState({ relay: PI, clients: [makeClientState()] })
  const colored = bridgeLines(state, NOON, { width: 80, color: true })
  expect(colored[2]).toBe('\u001b[32m●\u001b[0m The client reaches the relay.')
  const bare = colored.map((line) => stripVTControlCharacters(line).trimEnd())
  expect(bare).toEqual(bridgeLines(state, NOON, { width: 80, color: false }))
})

test('what others wrote never breaks a line, leaves its columns or reaches the terminal as a command', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 30, max: 140 }), (name, reason, version, width) => {
      const state = makeBridgeState({
        profile: name,
        version,
        relay: { ...PI, place: name },
        clients: [
          makeClientState({ name, place: reason, path: { kind: 'not-checkable', at: NOON, reason } }),
          makeClientState({
            link: { phase: 'failed', since: NOON, cause: failure('ssh.auth-failed', reason) },
          }),
        ],
        prompts: [
          {
            id: '1',
            askedAt: NOON,
            kind: 'keyboard-interactive',
            user: name,
            host: reason,
            title: name,
            instructions: reason,
            questions: [{ text: name, echo: false }],
          },
        ],
      })
      for (const line of bridgeLines(state, NOON, { width, color: false })) {
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
        expect(textWidth(line)).toBeLessThanOrEqual(width)
      }
    }),
    { numRuns: 300 },
  )
})

test('commands are named as they are typed here, those for another machine as they are called there', () => {
  const relay: RelayState = {
    ...PI,
    health: {
      ...{ kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 1 },
      upstreams: [{ name: 'copilot', signedIn: false }],
    },
  }
  const style = { width: 100, color: false, ownName: 'npx sovereign' }
  const adviceOf = (state: BridgeState): string[] =>
    bridgeLines(state, NOON, style).filter((line) => line.includes('→'))
  expect(adviceOf(makeBridgeState({ relay: { ...relay, kind: 'embedded' } })).join()).toContain(
    'In another terminal: npx sovereign relay login',
  )
  expect(adviceOf(makeBridgeState({ relay })).join()).toContain('On the relay: sovereign relay login')
})

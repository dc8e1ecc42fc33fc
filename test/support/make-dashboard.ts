import type { Failure } from '../../src/shared/errors/app-error.ts'
import type { ErrorCode } from '../../src/shared/errors/codes.ts'
import { errorDefinition } from '../../src/shared/errors/codes.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { OllamaState } from '../../src/shared/state/ollama.ts'
import { type FakeBridgeApi, fakeBridgeApi } from './fake-bridge-api.ts'
import { makeBridgeState, makeClientState } from './make-bridge-state.ts'
import { makeRecentRequests, makeUsage } from './make-usage.ts'

/** A failure as the bridge tells it. */
export function makeFailure(code: ErrorCode, message: string): Failure {
  const { recovery, remedy } = errorDefinition(code)
  return { code, message, recovery, remedy }
}

const MIB = 1024 * 1024

/** A bridge in full swing: relay over SSH, three clients, an Ollama. `now` is the clock of the page. */
export function makeBusyState(now: number, change: Partial<BridgeState> = {}): BridgeState {
  const since = now - 3 * 3_600_000
  const traffic = {
    bytesToClient: 48 * MIB,
    bytesFromClient: 9 * MIB,
    openChannels: 2,
    totalChannels: 311,
    lastByteAt: now,
  }
  return makeBridgeState({
    profile: 'home',
    startedAt: since,
    relay: {
      kind: 'ssh',
      place: 'pi:8080',
      link: { phase: 'connected', since, roundTripMs: 4.2 },
      health: {
        kind: 'ok',
        at: now - 5000,
        version: '0.1.0',
        roundTripMs: 7.8,
        upstreams: [
          { name: 'copilot', signedIn: true },
          { name: 'openrouter', signedIn: false },
        ],
      },
    },
    clients: [
      makeClientState({
        name: 'builder',
        place: 'builder.lab',
        link: { phase: 'connected', since, roundTripMs: 12 },
        listener: { phase: 'listening', address: '127.0.0.1:8080', since },
        path: { kind: 'proven', at: now - 9000, roundTripMs: 31 },
        traffic,
      }),
      makeClientState({
        name: 'gpu-box',
        place: 'root@10.0.4.17:2222',
        link: { phase: 'connected', since: since + 60_000, roundTripMs: 88 },
        listener: { phase: 'listening', address: '127.0.0.1:8080', since },
        path: { kind: 'proven', at: now - 9000, roundTripMs: 104 },
      }),
      makeClientState({ name: 'old-laptop', place: 'old-laptop', enabled: false, link: { phase: 'idle' } }),
    ],
    agent: { phase: 'listening', address: '127.0.0.1:8080', since },
    ollama: makeOllama(now),
    ...change,
  })
}

export function makeOllama(now: number): OllamaState {
  const models = [
    ['qwen3-coder:30b', 18.6e9, '30.5B', 'Q4_K_M', false],
    ['llama3.3:70b', 42.5e9, '70.6B', 'Q4_K_M', false],
    ['gpt-oss:120b-cloud', undefined, '116.8B', 'MXFP4', true],
  ] as const
  return {
    kind: 'ok',
    place: 'http://tower.lan:11434',
    at: now - 12_000,
    roundTripMs: 2.4,
    version: '0.14.2',
    models: models.map(([name, sizeBytes, parameters, quantization, isCloud]) => ({
      name,
      sizeBytes,
      parameters,
      quantization,
      isCloud,
    })),
    loaded: [
      {
        name: 'qwen3-coder:30b',
        vramBytes: 21.2e9,
        contextLength: 4096,
        hasShortContext: true,
        expiresAt: now + 240_000,
      },
    ],
    listed: 3,
    notes: [
      makeFailure(
        'ollama.short-context',
        'qwen3-coder:30b is loaded with a context of 4096 tokens: coding agents lose the beginning of a conversation.',
      ),
    ],
  }
}

/** An Ollama that has all that agents need, and what may be wrong with one. */
export function makeOllamas(
  now: number,
): Readonly<Record<'ok' | 'short' | 'failing' | 'cloud', OllamaState>> {
  const short = makeOllama(now)
  if (short.kind !== 'ok') throw new Error('It answers.')
  const loaded = short.loaded.map((model) => ({ ...model, contextLength: 65_536, hasShortContext: false }))
  const here = short.models.filter(({ isCloud }) => !isCloud)
  const { place } = short
  return {
    short,
    ok: { ...short, via: 'tower', models: here, listed: here.length, loaded, notes: [] },
    cloud: {
      ...{ ...short, loaded: [] },
      notes: [
        makeFailure(
          'ollama.signed-out',
          'gpt-oss:120b-cloud runs at ollama.com, and Ollama is not signed in there.',
        ),
        makeFailure('ollama.cold', 'No model is loaded: the first answer waits until one is.'),
      ],
    },
    failing: {
      ...{ kind: 'failing', place, at: now - 12_000 },
      cause: makeFailure('ollama.vpn-down', 'The VPN wg0 is down: its last handshake was 12 min ago.'),
    },
  }
}

/** The relay is away for a while, and with it the ways of two clients; a third has a failure of its own. */
export function makeTroubledState(now: number): BridgeState {
  const busy = makeBusyState(now)
  const since = now - 95_000
  const cause = makeFailure(
    'ssh.unreachable',
    'pi (192.168.1.20:22) does not answer; nothing came back for 8 s.',
  )
  const broken = makeFailure('relay.unreachable', 'The relay cannot be reached at the moment.')
  return {
    ...busy,
    relay: {
      ...busy.relay,
      link: { phase: 'reconnecting', attempt: 6, nextTryAt: now + 14_000, since, cause },
      health: { kind: 'failing', at: since, cause: broken },
    },
    clients: [
      ...busy.clients
        .slice(0, 2)
        .map((client) => ({ ...client, path: { kind: 'broken', at: since, cause: broken } as const })),
      makeClientState({
        name: 'ci-runner',
        place: 'ci-runner',
        link: {
          phase: 'failed',
          since,
          cause: makeFailure('ssh.auth-failed', 'ci-runner takes none of the keys: id_ed25519, id_rsa.'),
        },
        listener: { phase: 'off' },
        path: { kind: 'unproven' },
      }),
    ],
    agent: {
      phase: 'failed',
      address: '127.0.0.1:8080',
      since,
      cause: makeFailure('port.taken', '127.0.0.1:8080 is taken by node (process 4711).'),
      otherPort: 8081,
    },
    ollama: {
      kind: 'failing',
      place: 'http://tower.lan:11434',
      at: now - 4000,
      cause: makeFailure('ollama.not-running', 'Nothing listens on tower.lan:11434.'),
    },
  }
}

/** A bridge that answers all that the dashboard asks. */
export function makeDashboardApi(state: BridgeState, now: number): FakeBridgeApi {
  const api = fakeBridgeApi(state)
  api.answer('relayUsage', () => makeUsage({ now }))
  api.answer('recentRequests', () => makeRecentRequests({ now }))
  return api
}

import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { Question } from '../../src/shared/state/prompt.ts'
import { makeBusyState, makeDashboardApi, makeFailure } from '../../test/support/make-dashboard.ts'
import { NOW, type Scene } from './scene.ts'

const SHOWN = 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgP1pUnZsGmB4pYkw'
const ON_RECORD = 'SHA256:Kb0qgBc9pY3mA1r5ZtYx7uVw2nQeLsJdHfGiOoPpRrS'
const BUSY = makeBusyState(NOW)

function asking(...questions: readonly Question[]): Partial<BridgeState> {
  return { prompts: questions.map((question, index) => ({ id: `p-${index}`, askedAt: NOW, ...question })) }
}

const HOST_KEY: Question = {
  ...{ kind: 'host-key', host: 'builder.lab', port: 22 },
  ...{ keyType: 'ssh-ed25519', fingerprint: SHOWN },
}

const CHANGED_KEY: Partial<BridgeState> = {
  relay: {
    ...BUSY.relay,
    health: { kind: 'unknown' },
    link: {
      phase: 'failed',
      since: NOW,
      cause: makeFailure(
        'ssh.host-key-changed',
        `pi shows the key ssh-ed25519 ${SHOWN}, but on record is ssh-ed25519 ${ON_RECORD} (/home/eve/.ssh/known_hosts line 4).`,
      ),
    },
  },
}

const PORT_TAKEN: Partial<BridgeState> = {
  agent: {
    ...{ phase: 'failed', address: '127.0.0.1:8080', since: NOW, otherPort: 8081 },
    cause: makeFailure('port.taken', '127.0.0.1:8080 is taken by node (process 4711).'),
  },
}

interface Asked extends Pick<Scene, 'act' | 'isNarrowToo' | 'path'> {
  readonly name: string
  readonly state: Partial<BridgeState>
}

const ASKED: readonly Asked[] = [
  { name: 'host-key', state: asking(HOST_KEY), isNarrowToo: true },
  {
    name: 'host-key-same',
    state: asking(HOST_KEY),
    act: ({ page }) => page.getByLabel('What the host shows').fill(`256 ${SHOWN} root@builder (ED25519)`),
  },
  {
    name: 'host-key-other',
    state: asking(HOST_KEY),
    act: ({ page }) => page.getByLabel('What the host shows').fill(ON_RECORD),
  },
  { name: 'host-key-changed', state: CHANGED_KEY, path: 'prompts' },
  {
    name: 'passphrase',
    state: asking(
      { kind: 'passphrase', keyFile: '/home/eve/.ssh/id_ed25519', attempt: 2, canRemember: true },
      { kind: 'password', user: 'eve', host: 'gpu-box', attempt: 1 },
    ),
  },
  { name: 'password', state: asking({ kind: 'password', user: 'eve', host: 'builder.lab', attempt: 1 }) },
  {
    name: 'second-factor',
    state: asking({
      kind: 'keyboard-interactive',
      user: 'eve',
      host: 'bastion.example.com',
      title: 'Two-factor login for eve',
      instructions: 'Enter a passcode or choose one of these:\n 1. Push to XXX-XXX-1234\n 2. Phone call',
      questions: [{ text: 'Passcode or option (1-2): ', echo: true }],
    }),
  },
  { name: 'port-taken', state: PORT_TAKEN },
]

export const PROMPTS: readonly Scene[] = ASKED.map(({ name, state, ...more }) => ({
  name: `prompt-${name}`,
  api: () => makeDashboardApi({ ...BUSY, ...state }, NOW),
  ...(more.path === undefined
    ? { width: 900, height: 720, isWindowOnly: true }
    : { width: 520, height: 560 }),
  ...more,
}))

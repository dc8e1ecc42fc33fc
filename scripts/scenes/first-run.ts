import type { Failure } from '../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { Job, JobKind, JobStep, StepProgress } from '../../src/shared/state/job.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import { makeClientState } from '../../test/support/make-bridge-state.ts'
import { makeFailure } from '../../test/support/make-dashboard.ts'
import { OUT } from '../../test/support/make-sign-in.ts'
import { NOW, press, type Scene, type Staged } from './scene.ts'

const ALIASES = ['pi', 'nas', 'builder', 'bastion', 'gpu-box', 'staging-1', 'staging-2', 'staging-3']
const HOSTS = ALIASES.map((alias, index) => ({
  alias,
  host: `${alias}.home.arpa`,
  user: 'eve',
  port: index === 3 ? 2222 : 22,
  source: `~/.ssh/config:${index * 4 + 1}`,
}))

const WAITING: StepProgress = { phase: 'waiting' }
const UNDONE: StepProgress = { phase: 'undone', at: NOW }
const done = (detail?: string): StepProgress => ({
  ...{ phase: 'done', at: NOW },
  ...(detail === undefined ? {} : { detail }),
})
const step = (id: string, title: string, progress: StepProgress): JobStep => ({ id, title, progress })

const VISIT = [
  step('resolve', 'Find pi in the SSH configuration', done('eve@pi.home.arpa:22')),
  step('connect', 'Reach pi', done('192.168.1.20, 3 ms')),
  step('log-in', 'Log in to pi', done('With the key ~/.ssh/id_ed25519.')),
]

function job(kind: JobKind, progress: Job['progress'], steps: readonly JobStep[]): Job {
  return { id: 'job-1', kind, subject: 'pi', startedAt: NOW - 8000, progress, steps }
}

const OVER = { phase: 'done', at: NOW } as const
const NO_RELAY = job('test-relay', OVER, [
  ...VISIT,
  step('find-relay', 'Ask for a relay on port 8080', {
    phase: 'skipped',
    reason: 'Nothing listens on port 8080 of pi.',
  }),
  step(
    'can-install',
    'See whether a relay can be installed on pi',
    done('It can: Linux, arm64, with systemd. Node is brought along.'),
  ),
])
const NOT_STARTED: Failure = makeFailure(
  'install.failed',
  'systemctl --user start sovereign-relay failed: Failed to connect to bus: No medium found.',
)

type Stage = readonly [look: StepProgress, node: StepProgress, ...more: StepProgress[]]

function install(progress: Job['progress'], [look, node, bundle, configuration, start, wait]: Stage): Job {
  return job('install-relay', progress, [
    ...VISIT,
    step('look', 'See what pi has', look),
    step('copy-node', 'Bring Node to pi', node),
    step('copy-bundle', 'Copy the relay to pi', bundle ?? WAITING),
    step('configure', 'Make an empty configuration', configuration ?? WAITING),
    step('start', 'Start the relay', start ?? WAITING),
    step('wait', 'Wait until it answers', wait ?? WAITING),
  ])
}

const FOUND = done('Linux, arm64, systemd, 21 GiB free.')
const RUNNING = install({ phase: 'running' }, [
  FOUND,
  { phase: 'running', since: NOW - 4000, share: 0.4, detail: '38 of 96 MiB' },
])
const FAILED = install({ phase: 'failed', at: NOW, cause: NOT_STARTED }, [
  FOUND,
  ...[UNDONE, UNDONE, UNDONE],
  { phase: 'failed', at: NOW, cause: NOT_STARTED },
] as unknown as Stage)
const INSTALLED = install(OVER, [
  ...[FOUND, done('96 MiB'), done('1.5 MiB'), done('Readable by that user alone.'), done()],
  done('It answers: version 0.1.0.'),
] as unknown as Stage)

const CLIENT_TEST = job('test-client', OVER, [
  step('resolve', 'Find gpu-box in the SSH configuration', done('eve@gpu-box.home.arpa:22')),
  step('connect', 'Reach gpu-box', done('10.0.4.17, 41 ms')),
  step('log-in', 'Log in to gpu-box', done('With the key ~/.ssh/id_ed25519.')),
  step('listen', 'Open 127.0.0.1:8080 on gpu-box', done()),
  step('through', 'Send something through it', done('A byte went there and came back.')),
])

function bridge(existed: boolean, state: Partial<BridgeState> = {}): FakeBridgeApi {
  const api = fakeBridgeApi(state)
  api.answer('getSettingsFile', () => ({
    ...{ path: '/home/eve/.config/sovereign-bridge/settings.json', text: '{}\n', revision: 'r1' },
    existed,
  }))
  api.answer('listSshHosts', () => ({ hosts: HOSTS }))
  api.answer('relaySignInStatus', () => OUT)
  return api
}

async function testPi({ page }: Staged): Promise<void> {
  await press(page, 'Choose the host')
  await press(page, /^pi/)
  await press(page, 'Test it')
}

/** Work on pi, as it stands on the page. */
const work = (name: string, shown: Job): Scene => ({
  name,
  api: () => bridge(false, { jobs: [shown] }),
  act: testPi,
})

const MACHINES = [makeClientState(), makeClientState({ name: 'nas', place: 'nas' })]

export const FIRST_RUN: readonly Scene[] = [
  { name: 'first-run', api: () => bridge(false), isNarrowToo: true },
  {
    name: 'first-run-host',
    api: () => bridge(false),
    act: async ({ page }: Staged) => {
      await press(page, 'Choose the host')
      await page.getByLabel('Host', { exact: true }).fill('stag')
      await page.getByText('3 of 8 hosts').waitFor()
    },
  },
  work('first-run-no-relay', NO_RELAY),
  work('first-run-install', RUNNING),
  work('first-run-install-failed', FAILED),
  work('first-run-installed', INSTALLED),
  {
    name: 'first-run-address',
    api: () => bridge(false),
    act: async ({ page }: Staged) => {
      await press(page, 'Enter the address')
      await page.getByLabel('Address of the relay').fill('http://10.0.0.5:8080')
      await page.getByLabel('File with the admin token').fill('~/.config/relay-admin.token')
      await press(page, 'Check and use it')
    },
  },
  {
    name: 'first-run-sign-in',
    api: () => bridge(false),
    act: async ({ page }: Staged) => {
      await press(page, 'Use this computer')
      await page.getByRole('button', { name: 'Get a code' }).waitFor()
    },
  },
  { name: 'first-run-machines', api: () => bridge(true, { clients: MACHINES }) },
  {
    name: 'first-run-machine-tested',
    api: () => bridge(true, { jobs: [{ ...CLIENT_TEST, subject: 'gpu-box' }] }),
    act: async ({ page }: Staged) => {
      await press(page, /^gpu-box/)
      await press(page, 'Test it')
    },
  },
  {
    name: 'first-run-done',
    api: () => bridge(true, { clients: MACHINES }),
    act: ({ page }: Staged) => press(page, 'Finish'),
  },
].map((scene): Scene => ({ path: 'first-run', width: 900, height: 760, ...scene }))

import { AppError } from '../../src/shared/errors/app-error.ts'
import type { Check, Report } from '../../src/shared/protocol/diagnostics.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import { NOW, press, type Scene, type Staged } from './scene.ts'

type Row = readonly [id: string, title: string, status: Check['status'], detail: string, fix?: string]

const FINE: readonly Row[] = [
  ['program', 'This program', 'ok', 'Sovereign Bridge 0.1.0 on Electron 45.4.1, linux x64.'],
  ['settings', 'Settings file', 'ok', '~/.config/sovereign-bridge/settings.json is in order.'],
  ['keychain', 'Keychain', 'ok', 'It keeps a value and gives it back.'],
  ['ssh-config', 'SSH configuration', 'ok', '8 hosts are named in ~/.ssh/config.'],
  ['agent', 'Port on this computer', 'ok', 'The bridge listens on 127.0.0.1:8080.'],
  ['relay', 'Relay', 'ok', 'It answered after 8 ms.'],
  ['relay.sign-in', 'Sign-in of the relay', 'ok', 'GitHub Copilot is signed in.'],
  ['relay.version', 'Version of the relay', 'ok', 'Both are 0.1.0.'],
  ['relay.clock', 'Clocks', 'ok', 'They agree to the second.'],
  ['client.builder.link', 'builder: connection', 'ok', 'SSH answers after 12 ms.'],
  [
    'client.builder.path',
    'builder: way to the relay',
    'ok',
    'A request went to the relay and back in 31 ms.',
  ],
]
const TROUBLED: readonly Row[] = [
  ...FINE,
  [
    ...(['client.gpu-box.listener', 'gpu-box: address', 'failed'] as const),
    '127.0.0.1:8080 is taken by nginx (process 812, user www-data).',
    'Stop nginx there, or run: sovereign use-port gpu-box 8081',
  ],
  [
    ...(['ollama', 'Ollama', 'warning'] as const),
    'qwen3-coder:30b runs with a context of 4,096 tokens.',
    'Set OLLAMA_CONTEXT_LENGTH to 65536 or more where Ollama runs.',
  ],
  ['client.old-laptop', 'old-laptop', 'skipped', 'It is switched off in the settings.'],
]

const REPORT: Report = {
  fileName: 'sovereign-bridge-report-2026-11-21.zip',
  zipBase64: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==',
  files: [
    { name: 'README.txt', text: 'What this report holds, and what was taken out of it.\n', redactions: 0 },
    { name: 'about.json', text: '{ "version": "0.1.0", "platform": "linux" }\n', redactions: 0 },
    { name: 'checks.txt', text: '[ok] Relay: It answered after 8 ms.\n', redactions: 4 },
    { name: 'state.json', text: '{ "profile": "home" }\n', redactions: 11 },
    { name: 'settings.json', text: '{ "profiles": [{ "relay": { "ssh": "host-1" } }] }\n', redactions: 9 },
    { name: 'log.txt', text: logLines(), redactions: 212 },
  ],
}

function logLines(): string {
  const said = [
    'info  link  host-1: connecting',
    'info  link  host-1: logged in as user-1 with a key',
    'info  listener  host-2: listening on 127.0.0.1:8080',
    'warn  link  host-3: ip-2 does not answer; next try in 4 s',
  ]
  const line = (_: unknown, index: number): string =>
    `${new Date(NOW - (500 - index) * 7000).toISOString()}  ${said[index % said.length]}`
  return `${Array.from({ length: 500 }, line).join('\n')}\n`
}

function bridge(rows: readonly Row[]): FakeBridgeApi {
  const api = fakeBridgeApi()
  const checks = rows.map(
    ([id, title, status, detail, fix]): Check => ({
      ...{ id, title, status, detail },
      ...(fix === undefined ? {} : { fix }),
    }),
  )
  api.answer('runChecks', () => ({ at: NOW, checks }))
  api.answer('makeReport', () => REPORT)
  return api
}

async function preview({ page }: Staged, file: string): Promise<void> {
  await press(page, /report/i)
  await page.getByText(file).first().click()
}

const SCENES: readonly Scene[] = [
  { name: 'diagnostics', api: () => bridge(TROUBLED), isNarrowToo: true },
  { name: 'diagnostics-fine', api: () => bridge(FINE) },
  {
    name: 'diagnostics-failed',
    api: () => {
      const api = bridge([])
      api.answer('runChecks', () => {
        throw new AppError('api.busy', 'Too much is asked at once.')
      })
      return api
    },
  },
  { name: 'diagnostics-report', api: () => bridge(TROUBLED), act: (staged) => preview(staged, 'log.txt') },
]

export const DIAGNOSTICS: readonly Scene[] = SCENES.map((scene) => ({
  ...{ path: 'diagnostics', width: 960, height: 760 },
  ...scene,
}))

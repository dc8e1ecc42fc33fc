import type { DesktopFacts } from '../../src/shared/state/desktop.ts'
import type { LogsState } from '../../src/shared/state/logs.ts'
import type { FakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import { makeBusyState } from '../../test/support/make-dashboard.ts'
import { makeSettingsApi } from '../../test/support/make-settings-api.ts'
import { NOW, press, type Scene, type Staged } from './scene.ts'

const TEXT = `// The relay is in the cupboard under the stairs.
{
  "version": 1,
  "activeProfile": "home",
  "profiles": [
    {
      "name": "home",
      "relay": { "ssh": "pi", "port": 8080 },
      "clients": [
        { "name": "builder", "ssh": "builder" },
        { "name": "gpu-box", "ssh": { "host": "10.0.4.17", "port": 2222, "user": "root" } },
        { "name": "old-laptop", "ssh": "old-laptop", "enabled": false },
      ],
      "egress": {
        "use": "mtls",
        "rules": [
          { "hosts": ["*.corp.example", "10.0.0.0/8"], "use": "direct" },
          { "hosts": ["telemetry.example"], "use": "deny" },
        ],
        "bypass": ["*.lan"],
        "allowPrivate": ["tower.lan"],
        "mtls": {
          "ca": "~/tunnel/ca.pem",
          "cert": "~/tunnel/laptop.pem",
          "key": "~/tunnel/laptop.key",
          "control": {
            "kind": "aws",
            "wake": "https://wake.lambda-url.eu-west-1.on.aws/",
            "query": "https://query.lambda-url.eu-west-1.on.aws/",
            "kill": "https://kill.lambda-url.eu-west-1.on.aws/",
          },
        },
      },
      "ollama": { "url": "http://tower.lan:11434" },
    },
    { "name": "travel", "clients": [{ "name": "builder", "ssh": "builder" }] },
  ],
}
`

const DESKTOP: DesktopFacts = {
  ...{ kind: 'desktop', platform: 'linux', startsAtLogin: true, hasTray: true },
  update: { kind: 'available', version: '0.2.0' },
}

const LOGS: LogsState = {
  ...{ level: 'warn', by: 'settings', file: '/home/eve/.config/Sovereign Bridge/logs/bridge.log' },
}

function bridge(): FakeBridgeApi {
  const { api } = makeSettingsApi(TEXT, { ...makeBusyState(NOW), desktop: DESKTOP, logs: LOGS })
  api.answer('listSshHosts', () => ({
    hosts: [
      { alias: 'pi', host: '192.168.1.20', user: 'eve', port: 22, source: '~/.ssh/config:4' },
      { alias: 'new-vm', host: '10.0.0.31', user: 'eve', port: 22, source: '~/.ssh/config:9' },
    ],
  }))
  return api
}

async function goTo({ page }: Staged, section: string): Promise<void> {
  const nav = page.getByRole('navigation', { name: 'Sections' })
  await nav.getByRole('button', { name: section, exact: true }).click()
}

function section(name: string, title: string, act?: (staged: Staged) => Promise<unknown>): Scene {
  return {
    name: `settings-${name}`,
    api: bridge,
    act: async (staged) => {
      await goTo(staged, title)
      await act?.(staged)
    },
  }
}

/** Room for the bar that holds to the lower edge of the window. */
const BAR_BELOW = { height: 920, isWindowOnly: true }

export const SETTINGS: readonly Scene[] = [
  { name: 'settings', api: bridge, isNarrowToo: true },
  section('profiles', 'Profiles'),
  section('relay', 'Relay'),
  {
    ...section('mistake', 'Relay', ({ page }) => page.getByLabel('Port').fill('99999')),
    ...BAR_BELOW,
  },
  {
    ...section('change', 'Relay', async ({ page }) => {
      await page.getByLabel('Port').fill('9090')
      await page.getByRole('region', { name: 'Unsaved changes' }).waitFor()
    }),
    ...BAR_BELOW,
  },
  section('clients', 'Clients'),
  {
    ...section('new-client', 'Clients', async ({ page }) => {
      await press(page, 'Add client')
      await page.getByRole('dialog').getByLabel('Host').fill('new-vm')
    }),
    isWindowOnly: true,
  },
  section('computer', 'This computer'),
  {
    ...section('ollama-via', 'This computer', async ({ page }) => {
      await page.getByText('Another, over SSH').click()
      await page.getByLabel('Host', { exact: true }).fill('tower')
    }),
    height: 1150,
  },
  { ...section('proxy', 'Proxy'), isNarrowToo: true },
  section('updates', 'Updates'),
  section('file', 'File'),
].map((scene): Scene => ({ path: 'settings', width: 960, height: 720, ...scene }))

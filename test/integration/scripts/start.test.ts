import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { runSovereign, type SovereignProcess } from '../../support/sovereign-process.ts'

const START = fileURLToPath(new URL('../../../scripts/start.ts', import.meta.url))

/** `npm start` where there is no display, in a home folder of its own. */
async function start(): Promise<SovereignProcess & { readonly home: string }> {
  const home = await mkdtemp(join(tmpdir(), 'start-'))
  const started = await launch(home)
  onTestFinished(async () => {
    await started.stop('SIGKILL')
    await rm(home, { recursive: true, force: true })
  })
  await started.line((line) => line.endsWith('this computer: connected') || undefined, 'the relay to be up')
  return { ...started, home }
}

async function launch(home: string): Promise<SovereignProcess> {
  const settings = join(home, 'settings.json')
  await writeFile(settings, JSON.stringify({ agent: { listen: `unix:${join(home, 'agent.sock')}` } }))
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    SOVEREIGN_RUNTIME_DIR: join(home, 'run'),
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
  }
  return runSovereign(['--config', settings], env, [process.execPath, START])
}

test.runIf(process.platform === 'linux')(
  'without a display the same bridge starts, and says why',
  async () => {
    const started = await start()
    expect(started.stderr()).toMatch(
      /^No tray icon: .+\. The same bridge runs here, with its dashboard in a browser/,
    )
    expect(await started.stop('SIGTERM')).toBe(0)
    expect(started.stdout()).toContain('not listening')
  },
)

test.runIf(process.platform === 'linux')(
  'a second start names the command that opens the window of the first',
  async () => {
    const { home } = await start()
    const second = await launch(home)
    expect(await second.finished).toBe(1)
    expect(second.stderr()).toContain('A bridge of this user runs already')
    expect(second.stderr()).toMatch(/"[^"]*(?:sovereign|sovereign\.js) dashboard"/)
  },
)

// `finished` waits until nobody holds the output open any more, so also for a process that was left behind.
test.runIf(process.platform === 'linux')(
  'a start that is killed outright leaves no bridge behind',
  async () => {
    const started = await start()
    await started.stop('SIGKILL')
    expect(await started.finished).toBe('SIGKILL')
  },
)

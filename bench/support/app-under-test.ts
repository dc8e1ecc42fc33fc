import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startStandIn } from '../../test/support/electron/stand-in-process.ts'
import { runSovereign } from '../../test/support/sovereign-process.ts'
import { usageOfOne } from './process-usage.ts'

export interface Costs {
  /** Until the tray is there, or the first state is printed. */
  readonly firstSignMs: number
  readonly rssMiB: number
  /** Of one processor. */
  readonly cpuPercent: number
}

/** So that neither is still starting up while it is called idle. */
const SETTLE_MS = 3_000
const POLL_MS = 5

/** The main process of the built app, hidden: its tray and no window. */
export async function costsOfApp(app: string, idleMs: number): Promise<Costs> {
  return await inHome(async ({ config, env }) => {
    const startedAt = performance.now()
    const started = startStandIn({ app, args: ['--config', config, '--hidden'], env })
    try {
      while ((await started.ask('view')).tray === undefined) await delay(POLL_MS)
      const firstSignMs = performance.now() - startedAt
      return { firstSignMs, ...(await idleCosts(started.pid, idleMs)) }
    } finally {
      started.kill()
      await started.exited
      await started.close()
    }
  })
}

/** The same bridge without a desktop: `sovereign bridge` in one file, as `npm run build` makes it. */
export async function costsOfHeadless(bundle: string, idleMs: number): Promise<Costs> {
  return await inHome(async ({ config, env }) => {
    const startedAt = performance.now()
    const args = ['bridge', '--json', '--config', config]
    const started = runSovereign(args, env, [process.execPath, bundle])
    try {
      await started.line((line) => (line.includes('"state"') ? line : undefined), 'first state')
      const firstSignMs = performance.now() - startedAt
      return { firstSignMs, ...(await idleCosts(started.pid, idleMs)) }
    } finally {
      await started.stop()
    }
  })
}

/** From the start of the app until the dashboard has drawn its first content, as the page itself has it. */
export async function firstPaintMs(app: string): Promise<number> {
  return await inHome(async ({ config, env }) => {
    const startedAt = Date.now()
    const started = startStandIn({ app, args: ['--config', config], env })
    try {
      for (;;) {
        const [page] = (await started.pages()).filter((one) => new URL(one.url()).hash !== '')
        const paintedAt = await page?.evaluate<number | null>(PAINTED_AT).catch(() => null)
        if (typeof paintedAt === 'number') return paintedAt - startedAt
        await delay(POLL_MS)
      }
    } finally {
      started.ask('quit').catch(() => undefined)
      const isOver = await Promise.race([started.exited.then(() => true), delay(10_000, false)])
      if (!isOver) started.kill()
      await started.exited
      await started.close()
    }
  })
}

const PAINTED_AT = `(() => {
  const [paint] = performance.getEntriesByName('first-contentful-paint')
  return paint === undefined ? null : performance.timeOrigin + paint.startTime
})()`

async function idleCosts(pid: number, idleMs: number): Promise<Omit<Costs, 'firstSignMs'>> {
  await delay(SETTLE_MS)
  const before = await usageOfOne(pid)
  const startedAt = performance.now()
  await delay(idleMs)
  const after = await usageOfOne(pid)
  const elapsedMs = performance.now() - startedAt
  return { rssMiB: after.rssKiB / 1024, cpuPercent: (100 * (after.cpuMs - before.cpuMs)) / elapsedMs }
}

interface Home {
  readonly config: string
  readonly env: Readonly<Record<string, string>>
}

/** A relay inside, no client, and no port of this machine taken. */
async function inHome<T>(work: (home: Home) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'bench-app-'))
  try {
    const config = join(home, 'settings.json')
    const listen = `unix:${join(home, 'agent.sock')}`
    await writeFile(config, JSON.stringify({ profiles: [{ agent: { listen } }] }))
    await mkdir(join(home, '.config'))
    const env = {
      ...{ PATH: process.env.PATH ?? '', HOME: home, XDG_CONFIG_HOME: join(home, '.config') },
      ...{ SOVEREIGN_RUNTIME_DIR: join(home, 'run'), CONFIG_PATH: join(home, 'relay.json') },
      SOVEREIGN_E2E_PROFILE: join(home, '.config/Sovereign Bridge'),
    }
    return await work({ config, env })
  } finally {
    // Chromium writes a little longer.
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  }
}

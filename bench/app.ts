import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type BuiltFile, bundle } from '../scripts/build.ts'
import { buildDesktop } from '../scripts/build-desktop.ts'
import { builtApp, removeBuiltApp } from '../test/support/electron/build-app.ts'
import { type RendererBrowser, startRendererBrowser } from '../test/support/open-renderer.ts'
import { type Costs, costsOfApp, costsOfHeadless, firstPaintMs } from './support/app-under-test.ts'
import { median } from './support/processes.ts'
import { type FrameCosts, measureFrames, VIEWS } from './support/renderer-load.ts'

/**
 * What the tray app costs: how large it is, its main process next to the same bridge without a desktop, and its
 * windows while states arrive, next to the same windows in peace. Electron is the stand-in of the tests, which runs
 * main in plain Node and windows in Chromium: how long Electron itself takes to start is not in these figures.
 */

const UPDATES_PER_SECOND = 200
/** Above this, other programs are measured too. */
const QUIET_LOAD = 2

interface Round {
  readonly app: Costs
  readonly headless: Costs
  readonly firstPaintMs: number
  readonly frames: readonly FrameRound[]
}

interface FrameRound {
  readonly view: string
  readonly busy: FrameCosts
  readonly peace: FrameCosts
}

export async function run(args: readonly string[]): Promise<void> {
  const rounds = Number(option(args, 'rounds') ?? 3)
  const ms = Number(option(args, 'seconds') ?? 20) * 1000
  const [load = 0] = loadavg()
  if (load > QUIET_LOAD)
    console.error(`The load of this machine is ${load.toFixed(1)}: these figures are not worth keeping.`)
  const folder = await mkdtemp(join(tmpdir(), 'bench-app-'))
  let browser: RendererBrowser | undefined
  try {
    const files = await buildDesktop(join(folder, 'dist'))
    const { path } = await bundle(
      join(import.meta.dirname, '../src/cli/main.ts'),
      join(folder, 'sovereign.mjs'),
      join(folder, 'dist'),
    )
    const app = await builtApp()
    const results: Round[] = []
    for (let round = 0; round < rounds; round += 1) {
      // In turns, so that neither always comes second.
      const isAppFirst = round % 2 === 0
      const first = isAppFirst ? await costsOfApp(app, ms) : undefined
      const headless = await costsOfHeadless(path, ms)
      const costs = first ?? (await costsOfApp(app, ms))
      const paintMs = await firstPaintMs(app)
      browser ??= await startRendererBrowser(false)
      const frames = await measureViews(browser, ms, isAppFirst)
      results.push({ app: costs, headless, firstPaintMs: paintMs, frames })
    }
    report(files, results, args.includes('--json'))
  } finally {
    await browser?.close()
    await removeBuiltApp()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measureViews(
  browser: RendererBrowser,
  ms: number,
  isBusyFirst: boolean,
): Promise<FrameRound[]> {
  const rounds: FrameRound[] = []
  for (const [name, view] of Object.entries(VIEWS)) {
    const measure = (rate: number): Promise<FrameCosts> => measureFrames(browser, view, rate, ms)
    const first = isBusyFirst ? await measure(UPDATES_PER_SECOND) : undefined
    const peace = await measure(0)
    rounds.push({ view: name, peace, busy: first ?? (await measure(UPDATES_PER_SECOND)) })
  }
  return rounds
}

interface Row {
  readonly what: string
  readonly unit: string
  readonly value: number
  /** Of the peer, where there is one. */
  readonly peer: number | undefined
}

function processRows(rounds: readonly Round[]): Row[] {
  const row = (what: string, unit: string, pick: (costs: Costs) => number): Row => ({
    ...{ what, unit },
    value: median(rounds.map(({ app }) => pick(app))),
    peer: median(rounds.map(({ headless }) => pick(headless))),
  })
  return [
    row('start to tray / first state', 'ms', ({ firstSignMs }) => firstSignMs),
    {
      ...{ what: 'start to first paint', unit: 'ms', peer: undefined },
      value: median(rounds.map(({ firstPaintMs }) => firstPaintMs)),
    },
    row('idle memory (RSS)', 'MiB', ({ rssMiB }) => rssMiB),
    row('idle processor time', '% of 1', ({ cpuPercent }) => cpuPercent),
  ]
}

const FRAME_ROWS: readonly (readonly [what: string, unit: string, pick: (costs: FrameCosts) => number])[] = [
  ['updates that arrived', '', ({ updates }) => updates],
  ['keystrokes handled', '%', ({ handled, pressed }) => (100 * handled) / pressed],
  ['keystroke to frame, median', 'ms', ({ keyP50Ms }) => keyP50Ms],
  ['keystroke to frame, 99 %', 'ms', ({ keyP99Ms }) => keyP99Ms],
  ['frames dropped', '%', ({ dropped, frames }) => (100 * dropped) / (dropped + frames)],
  ['longest gap', 'ms', ({ longestGapMs }) => longestGapMs],
]

function frameRows(rounds: readonly Round[], view: string): Row[] {
  const all = rounds.flatMap(({ frames }) => frames.filter((one) => one.view === view))
  return FRAME_ROWS.map(([what, unit, pick]) => ({
    ...{ what, unit },
    value: median(all.map(({ busy }) => pick(busy))),
    peer: median(all.map(({ peace }) => pick(peace))),
  }))
}

function report(files: readonly BuiltFile[], rounds: readonly Round[], asJson: boolean): void {
  const sizes = files.map(({ path, bytes, gzipBytes }) => ({
    ...{ name: join(basename(dirname(path)), basename(path)), bytes, gzipBytes },
  }))
  const tables = [
    { title: 'main process', columns: ['app', 'headless'], rows: processRows(rounds) },
    ...Object.keys(VIEWS).map((view) => ({
      title: view,
      columns: [`${UPDATES_PER_SECOND}/s`, 'idle'],
      rows: frameRows(rounds, view),
    })),
  ]
  if (asJson) {
    console.log(JSON.stringify({ bench: 'app', standIn: true, sizes, tables, rounds }))
    return
  }
  console.log(`${line('bundle', 'unit')}${right('raw')}${right('gzip')}${right('ratio', 8)}`)
  for (const { name, bytes, gzipBytes } of sizes)
    console.log(
      `${line(name, 'KiB')}${right(kib(bytes))}${right(kib(gzipBytes))}${right((gzipBytes / bytes).toFixed(2), 8)}`,
    )
  for (const { title, columns, rows } of tables) {
    console.log(`\n${line(title, 'unit')}${columns.map((name) => right(name)).join('')}${right('ratio', 8)}`)
    for (const { what, unit, value, peer } of rows) {
      const ratio = peer === undefined || peer === 0 ? '-' : (value / peer).toFixed(2)
      console.log(
        `${line(what, unit)}${right(value.toFixed(2))}${right(peer?.toFixed(2) ?? '-')}${right(ratio, 8)}`,
      )
    }
  }
}

const line = (what: string, unit: string): string => `${what.padEnd(30)}${unit.padEnd(8)}`
const right = (text: string, width = 10): string => text.padStart(width)
const kib = (bytes: number): string => (bytes / 1024).toFixed(0)

function option(args: readonly string[], name: string): string | undefined {
  return args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
}

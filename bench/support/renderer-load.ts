import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { makeBusyState, makeDashboardApi } from '../../test/support/make-dashboard.ts'
import type { RendererBrowser } from '../../test/support/open-renderer.ts'

export interface FrameCosts {
  /** States that reached the page. */
  readonly updates: number
  readonly pressed: number
  /** Keystrokes that did what they do. */
  readonly handled: number
  /** From a keystroke to the frame that shows it: median and 99th percentile. */
  readonly keyP50Ms: number
  readonly keyP99Ms: number
  readonly frames: number
  /** Frames of 60 a second that were not drawn. */
  readonly dropped: number
  readonly longestGapMs: number
}

interface View {
  readonly path: string
  /** Puts the focus where the keys go. */
  ready(page: Page): Promise<unknown>
  readonly key: string
  /** Events of which a key causes one, or more, when it is handled. */
  readonly effects: readonly ('focusin' | 'focusout' | 'input')[]
}

export const VIEWS: Readonly<Record<string, View>> = {
  dashboard: {
    path: '',
    ready: (page) => page.getByRole('region', { name: 'The path' }).waitFor(),
    key: 'Tab',
    // From the last control the focus leaves the page, and comes back with the next key.
    effects: ['focusin', 'focusout'],
  },
  settings: {
    path: 'settings',
    ready: async (page) => {
      await page.getByRole('button', { name: 'This computer' }).click()
      await page.getByLabel('Listen address').focus()
    },
    key: 'a',
    effects: ['input'],
  },
}

const KEY_EVERY_MS = 50
/** What arrives together is sent together: a timer of Node is no finer. */
const TICK_MS = 5

/** One view while states come at this rate and somebody types. */
export async function measureFrames(
  browser: RendererBrowser,
  view: View,
  updatesPerSecond: number,
  ms: number,
): Promise<FrameCosts> {
  const now = Date.now()
  const busy = makeBusyState(now)
  const api = makeDashboardApi(busy, now)
  let updates = 0
  const { page } = await browser.open(api, {
    ...{ path: view.path, width: 1200, height: 800 },
    before: async (page) => {
      page.on('websocket', (socket) => socket.on('framereceived', () => (updates += 1)))
    },
  })
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await view.ready(page)
  await page.evaluate(watch(view.effects))
  updates = 0
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * updatesPerSecond)
    for (; sent < due; sent += 1) {
      const clients = busy.clients.map((client) => ({
        ...client,
        traffic: { ...client.traffic, bytesToClient: client.traffic.bytesToClient + sent * 4096 },
      }))
      api.publish({ clients })
    }
  }, TICK_MS)
  let pressed = 0
  while (performance.now() - startedAt < ms) {
    await page.keyboard.press(view.key)
    pressed += 1
    await delay(Math.max(0, pressed * KEY_EVERY_MS - (performance.now() - startedAt)))
  }
  clearInterval(timer)
  const seen = await page.evaluate<Seen>('window.benchSeen()')
  const reached = updates
  await browser.closePages()
  return { updates: reached, pressed, ...summary(seen) }
}

interface Seen {
  readonly gaps: readonly number[]
  readonly keys: readonly number[]
  readonly handled: number
}

function summary({ gaps, keys, handled }: Seen): Omit<FrameCosts, 'updates' | 'pressed'> {
  const sorted = [...keys].sort((left, right) => left - right)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return {
    ...{ handled, keyP50Ms: at(0.5), keyP99Ms: at(0.99), frames: gaps.length },
    dropped: gaps.reduce((sum, gap) => sum + Math.max(0, Math.round((gap * 60) / 1000) - 1), 0),
    longestGapMs: Math.max(...gaps),
  }
}

/** In the page: the gaps between frames, and how long each key waits for the frame after it. */
function watch(effects: View['effects']): string {
  return `(() => {
    const gaps = [], keys = []
    let handled = 0, isWaiting = false, last, isOver = false
    for (const effect of ${JSON.stringify(effects)})
      addEventListener(effect, () => {
        if (isWaiting) handled += 1
        isWaiting = false
      }, true)
    addEventListener('keydown', ({ timeStamp }) => {
      isWaiting = true
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel()
        // The message comes once the frame is made.
        port1.onmessage = () => keys.push(performance.now() - timeStamp)
        port2.postMessage(undefined)
      })
    }, true)
    requestAnimationFrame(function next(time) {
      if (last !== undefined) gaps.push(time - last)
      last = time
      if (!isOver) requestAnimationFrame(next)
    })
    window.benchSeen = () => { isOver = true; return { gaps, keys, handled } }
  })()`
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { buildRenderer } from '../../scripts/build-renderer.ts'
import type { BridgeApi } from '../../src/shared/bridge-api/calls.ts'
import { CHROMIUM } from './electron/chromium.ts'
import { type RendererServer, startRenderer } from './start-renderer.ts'

export interface PageOptions {
  /** What stands in the address after `#/`. */
  readonly path?: string
  readonly width?: number
  readonly height?: number
  readonly isDark?: boolean
  /** Whatever else the browser is to pretend. */
  readonly context?: BrowserContextOptions
  /** Runs before the page's own scripts do. */
  readonly before?: (page: Page) => Promise<unknown>
}

export interface OpenedPage {
  readonly page: Page
  readonly server: RendererServer
  /** What the page complained about: uncaught errors, refused content, failed loads. */
  readonly complaints: readonly string[]
}

/** The windows as they are built, in one Chromium that serves all tests of a file. */
export interface RendererBrowser {
  /** Opens a page on this bridge, in a browser context of its own. */
  open(api: BridgeApi, options?: PageOptions): Promise<OpenedPage>
  /** Opens a page that is none of the windows. */
  openHtml(html: string, options?: Omit<PageOptions, 'path' | 'before'>): Promise<Page>
  /** Closes every page; idempotent. */
  closePages(): Promise<void>
  close(): Promise<void>
}

/** @param development keeps the names and React's warnings. */
export async function startRendererBrowser(development = true): Promise<RendererBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'sovereign-renderer-'))
  await buildRenderer({ outDir: folder, development })
  const isRoot = process.getuid?.() === 0
  const browser: Browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--disable-gpu', '--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
  })
  const closers: (() => Promise<void>)[] = []
  const closePages = async (): Promise<void> => {
    for (const close of closers.splice(0)) await close()
  }
  return {
    async open(api, { path = '', width = 900, height = 900, isDark = false, context: more, before } = {}) {
      const server = await startRenderer(api, folder)
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: isDark ? 'dark' : 'light',
        permissions: ['clipboard-read', 'clipboard-write'],
        ...more,
      })
      closers.push(async () => {
        await context.close()
        await server.close()
      })
      const page = await context.newPage()
      page.setDefaultTimeout(15_000)
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      await before?.(page)
      await page.goto(`${server.url}#/${path}`)
      return { page, server, complaints }
    },
    async openHtml(html, { width = 900, height = 900, isDark = false, context: more } = {}) {
      const colorScheme = isDark ? 'dark' : 'light'
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, ...more })
      closers.push(() => context.close())
      const page = await context.newPage()
      await page.setContent(html)
      return page
    },
    closePages,
    async close() {
      await closePages()
      await browser.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export function isFocused(locator: Locator): Promise<boolean> {
  return locator.evaluate((node) => (node as unknown as { matches(what: string): boolean }).matches(':focus'))
}

export function clipboardOf(page: Page): Promise<string> {
  return page.evaluate('navigator.clipboard.readText()')
}

/** What axe finds serious or worse, each as its rule and the places. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // The policy of the page lets no inline script in; this goes in past it.
  await page.evaluate(axe.source)
  const found = await page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: { run(): Promise<Found> } }
    const { violations } = await inPage.run()
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      where: nodes.map(({ target }) => target.join(' ')),
    }))
  })
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, where }) => `${id}: ${where.join(', ')}`)
}

interface Found {
  readonly violations: readonly {
    readonly id: string
    readonly impact: string
    readonly nodes: readonly { readonly target: readonly string[] }[]
  }[]
}

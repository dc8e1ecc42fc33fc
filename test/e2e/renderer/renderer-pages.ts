import { afterAll, afterEach, beforeAll } from 'vitest'
import { type RendererBrowser, startRendererBrowser } from '../../support/open-renderer.ts'

/** The browser of a file of tests: it starts before the first one, and no page outlives the test that opened it. */
export function rendererPages(): Omit<RendererBrowser, 'close'> {
  let browser: RendererBrowser | undefined
  const started = (): RendererBrowser => {
    if (browser === undefined) throw new Error('The browser starts before the first test.')
    return browser
  }
  beforeAll(async () => {
    browser = await startRendererBrowser()
  })
  afterEach(() => started().closePages())
  afterAll(() => started().close())
  return {
    open: (api, options) => started().open(api, options),
    openHtml: (html, options) => started().openHtml(html, options),
    closePages: () => started().closePages(),
  }
}

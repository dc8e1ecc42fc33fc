import { expect, test } from 'vitest'
import { hardenContents, SAFE_PREFERENCES } from '../../../../src/main/desktop/harden.ts'
import { isKnownPage } from '../../../../src/main/desktop/known-pages.ts'
import { isTrusted, type Sender } from '../../../../src/main/desktop/trusted-sender.ts'
import { placeWindow } from '../../../../src/main/desktop/window-bounds.ts'

const LAPTOP = { x: 0, y: 0, width: 1440, height: 900 }
const BESIDE = { x: 1440, y: 0, width: 1920, height: 1080 }
const SIZE = { width: 1000, height: 700 }

test('a window opens where it was, also on the second screen', () => {
  const bounds = { x: 1600, y: 100, width: 800, height: 600 }
  expect(placeWindow(bounds, SIZE, [LAPTOP, BESIDE])).toEqual(bounds)
})

test.each([
  ['the screen that it was on is gone', { x: 1600, y: 100, width: 800, height: 600 }],
  ['its title bar would be above the screen', { x: 100, y: -40, width: 800, height: 600 }],
  ['its title bar would be below the screen', { x: 100, y: 880, width: 800, height: 600 }],
  ['only a sliver of it would be seen', { x: 1430, y: 100, width: 800, height: 600 }],
])('a window keeps its size and finds a new place when %s', (_why, bounds) => {
  expect(placeWindow(bounds, SIZE, [LAPTOP])).toEqual({ width: 800, height: 600 })
})

test('a window is never larger than its screen', () => {
  expect(placeWindow(undefined, { width: 2000, height: 700 }, [LAPTOP])).toEqual({ width: 1440, height: 700 })
  const wide = { x: 0, y: 0, width: 3000, height: 2000 }
  expect(placeWindow(wide, SIZE, [LAPTOP])).toEqual({ x: 0, y: 0, width: 1440, height: 900 })
})

test.each([
  ['https://github.com/login/device', true],
  ['https://acme.ghe.com/login/device', true],
  ['https://openrouter.ai/auth?callback_url=x', true],
  ['http://github.com/login/device', false],
  ['https://github.com.evil.example/', false],
  ['https://evil.example/github.com', false],
  ['https://github.com@evil.example/', false],
  ['https://user:password@github.com/', false],
  ['https://github.com:8443/', false],
  ['https://ghe.com/', false],
  ['file:///etc/passwd', false],
  ['not an address', false],
])('whether %s is opened in the browser: %s', (address, isOpened) => {
  expect(isKnownPage(address)).toBe(isOpened)
})

const PAGE: Sender = {
  sender: {} as Sender['sender'],
  senderFrame: { origin: 'app://sovereign', parent: null },
}

test.each<[string, Partial<Sender>]>([
  ['a frame within the page', { senderFrame: { origin: 'app://sovereign', parent: {} as never } }],
  ['a page from elsewhere', { senderFrame: { origin: 'https://evil.example', parent: null } }],
  ['a page whose name begins like ours', { senderFrame: { origin: 'app://sovereign.evil', parent: null } }],
  ['a frame that has gone elsewhere', { senderFrame: null }],
  ['a window that is not ours', { sender: {} as Sender['sender'] }],
])('a call of %s is not answered', (_who, change) => {
  const isOurs = (contents: unknown): boolean => contents === PAGE.sender
  expect(isTrusted(PAGE, isOurs)).toBe(true)
  expect(isTrusted({ ...PAGE, ...change }, isOurs)).toBe(false)
})

test('a window has no Node in it and shares nothing with its preload', () => {
  expect(SAFE_PREFERENCES).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webviewTag: false,
  })
})

test('a page goes nowhere and opens nothing, by whatever way', () => {
  const listeners = new Map<string, (event: { preventDefault(): void }) => void>()
  let open: ((details: { readonly url: string }) => { readonly action: string }) | undefined
  const asked: string[] = []
  const contents = {
    on: (name: string, listener: never) => listeners.set(name, listener),
    setWindowOpenHandler: (handler: never) => {
      open = handler
    },
  }
  hardenContents(contents as never, (address) => void asked.push(address))
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview']) {
    const prevented: string[] = []
    listeners.get(name)?.({ preventDefault: () => void prevented.push(name) })
    expect(prevented).toEqual([name])
  }
  expect(open?.({ url: 'https://evil.example/' })).toEqual({ action: 'deny' })
  expect(asked).toEqual(['https://evil.example/'])
})

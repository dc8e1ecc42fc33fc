import { expect, onTestFinished, test } from 'vitest'
import type { MessageBox } from '../../../../src/main/desktop/dialogs.ts'
import { TrayController } from '../../../../src/main/desktop/tray-controller.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { Prompt } from '../../../../src/shared/state/prompt.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../support/make-bridge-state.ts'

const HOST_KEY: Prompt = {
  id: 'p1',
  askedAt: NOON,
  kind: 'host-key',
  host: 'pi',
  port: 22,
  keyType: 'ssh-ed25519',
  fingerprint: 'SHA256:abc',
}

function startTray(initial: Partial<BridgeState> = {}) {
  const api = fakeBridgeApi(initial)
  const ambient = fakeAmbient()
  const drawn: string[] = []
  const boxes: MessageBox[] = []
  const windows: string[] = []
  let press = (_box: MessageBox): number | Promise<number> => 0
  const controller = new TrayController({
    api,
    state: makeBridgeState(initial),
    face: {
      setIcon: (icon) => void drawn.push(`icon ${icon}`),
      setTooltip: () => void drawn.push('tooltip'),
      setItems: () => void drawn.push('items'),
    },
    show: async (box) => {
      boxes.push(box)
      return press(box)
    },
    openWindow: (kind, route = '') => void windows.push(kind + route),
    quit: () => undefined,
    ambient,
  })
  onTestFinished(() => controller.close())
  return {
    api,
    ambient,
    boxes,
    controller,
    drawn,
    windows,
    pressing: (answer: typeof press) => {
      press = answer
    },
  }
}

test('only what has changed is drawn again', () => {
  const { api, drawn } = startTray({ wanted: 'disconnected' })
  expect(drawn.splice(0)).toEqual(['icon disconnected', 'tooltip', 'items'])
  api.publish({ clients: [makeClientState()] })
  expect(drawn).toEqual([])
  api.publish({ wanted: 'connected' })
  expect(drawn).toEqual(['icon connecting', 'tooltip', 'items'])
})

test('the second click of a double-click does not undo the first', () => {
  const { api, ambient, controller } = startTray({ wanted: 'disconnected' })
  controller.click()
  api.publish({ wanted: 'connected' })
  ambient.pass(120)
  controller.click()
  ambient.pass(5_000)
  controller.click()
  expect(api.calls.map(([name]) => name)).toEqual(['connect', 'disconnect'])
})

test('waking up has the bridge prove its links, unless nobody wants them', async () => {
  const { api, controller } = startTray({ wanted: 'disconnected' })
  await controller.wokeUp()
  expect(api.calls).toEqual([])
  api.publish({ wanted: 'connected' })
  await controller.wokeUp()
  expect(api.calls).toEqual([['probe', {}]])
})

test('a call that fails is told with its remedy', async () => {
  const { api, boxes, controller } = startTray()
  api.answer('useOtherPort', () => {
    throw new AppError('port.taken', 'Port 81 is held by nginx.', { remedy: 'Stop nginx.' })
  })
  await controller.perform({ kind: 'use-other-port', target: 'agent', port: 81 })
  expect(boxes).toMatchObject([
    { type: 'error', message: 'Port 81 is held by nginx.', detail: 'Stop nginx.' },
  ])
})

test.each([
  [0, [['answerPrompt', { id: 'p1', answer: { kind: 'host-key', accept: true } }]]],
  [1, [['answerPrompt', { id: 'p1', answer: { kind: 'host-key', accept: false } }]]],
  [2, []],
])('button %i of the host key box answers accordingly', async (button, calls) => {
  const { api, boxes, controller, pressing } = startTray({ prompts: [HOST_KEY] })
  pressing(() => button)
  await controller.perform({ kind: 'answer', promptId: 'p1' })
  expect(api.calls).toEqual(calls)
  expect(boxes[0]?.detail).toContain('SHA256:abc')
  expect([boxes[0]?.defaultId, boxes[0]?.cancelId]).toEqual([2, 2])
})

test('a question that goes away under its box is not answered', async () => {
  const { api, controller, pressing } = startTray({ prompts: [HOST_KEY] })
  pressing(() => {
    api.publish({ prompts: [] })
    return 0
  })
  await controller.perform({ kind: 'answer', promptId: 'p1' })
  expect(api.calls).toEqual([])
})

test('a question that needs typing opens the window where it is asked', async () => {
  const { boxes, controller, windows } = startTray({
    prompts: [{ id: 'p2', askedAt: NOON, kind: 'password', user: 'eve', host: 'vm', attempt: 1 }],
  })
  await controller.perform({ kind: 'answer', promptId: 'p2' })
  expect([boxes, windows]).toEqual([[], ['dashboard#/prompts']])
})

test('the dashboard and the sign-in open in windows of their own', async () => {
  const { controller, windows } = startTray()
  await controller.perform({ kind: 'open-dashboard' })
  await controller.perform({ kind: 'sign-in' })
  expect(windows).toEqual(['dashboard', 'sign-in'])
})

test('a closed tray listens no more', () => {
  const { api, controller } = startTray()
  expect(api.listenerCount).toBe(1)
  controller.close()
  expect(api.listenerCount).toBe(0)
})

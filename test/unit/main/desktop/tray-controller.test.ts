import { expect, onTestFinished, test, vi } from 'vitest'
import type { MessageBox } from '../../../../src/main/desktop/dialogs.ts'
import { type LoginSwitch, TrayController } from '../../../../src/main/desktop/tray-controller.ts'
import type { MenuItemModel } from '../../../../src/main/desktop/tray-menu.ts'
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

function startTray(initial: Partial<BridgeState> = {}, loginSwitch?: LoginSwitch) {
  const api = fakeBridgeApi(initial)
  const ambient = fakeAmbient()
  const drawn: string[] = []
  const boxes: MessageBox[] = []
  const copied: string[] = []
  const opened: string[] = []
  let items: readonly MenuItemModel[] = []
  let press = (_box: MessageBox): number | Promise<number> => 0
  const controller = new TrayController({
    api,
    state: makeBridgeState(initial),
    face: {
      setIcon: (icon) => void drawn.push(`icon ${icon}`),
      setTooltip: () => void drawn.push('tooltip'),
      setItems: (next) => {
        drawn.push('items')
        items = next
      },
    },
    show: async (box) => {
      boxes.push(box)
      return press(box)
    },
    copy: (text) => void copied.push(text),
    openBrowser: (address) => void opened.push(address),
    loginSwitch,
    quit: () => undefined,
    ambient,
  })
  onTestFinished(() => controller.close())
  return {
    api,
    ambient,
    boxes,
    controller,
    copied,
    drawn,
    opened,
    labels: () => items.map((item) => (item.kind === 'separator' ? '--' : item.label)),
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

test('a sign-in shows its code in the menu until it is cancelled there', async () => {
  const { boxes, controller, copied, labels, opened } = startTray()
  const done = controller.perform({ kind: 'sign-in' })
  await vi.waitFor(() => expect(labels()).toContain('Copy ABCD-1234'))
  await controller.perform({ kind: 'copy-sign-in-code' })
  expect({ copied, opened }).toEqual({
    copied: ['ABCD-1234', 'ABCD-1234'],
    opened: ['https://github.com/login/device'],
  })
  await controller.perform({ kind: 'cancel-sign-in' })
  await done
  expect(labels()).not.toContain('Copy ABCD-1234')
  expect(boxes).toHaveLength(1)
})

test('the switch for starting at login shows what the system says', async () => {
  let isOn = false
  const { controller, labels } = startTray(
    {},
    {
      isOn: async () => isOn,
      set: async (wanted) => {
        isOn = wanted
      },
    },
  )
  await vi.waitFor(() => expect(labels()).toContain('Start at login'))
  await controller.perform({ kind: 'start-at-login', enabled: true })
  expect(isOn).toBe(true)
})

test('a closed tray listens no more', () => {
  const { api, controller } = startTray()
  expect(api.listenerCount).toBe(1)
  controller.close()
  expect(api.listenerCount).toBe(0)
})

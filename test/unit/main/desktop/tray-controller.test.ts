import { expect, test } from 'vitest'
import type { TrayAction } from '../../../../src/main/desktop/tray-item.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import { startTray } from '../../../support/start-tray.ts'
import { HOST_KEY } from './tray-states.ts'

test('only what has changed is drawn again', () => {
  const { api, drawn } = startTray({ wanted: 'disconnected' })
  expect(drawn.splice(0)).toEqual(['icon disconnected', 'tooltip', 'items'])
  api.publish({ ollama: { kind: 'unknown', place: '10.0.0.7:11434' } })
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

test('one part is tried again by itself, the Ollama is asked again, and without a part all of it is', async () => {
  const { api, controller } = startTray()
  await controller.perform({ kind: 'retry', target: 'relay' })
  await controller.perform({ kind: 'probe-ollama' })
  await controller.perform({ kind: 'retry' })
  expect(api.calls).toEqual([
    ['retryNow', { target: 'relay' }],
    ['probeOllama', {}],
    ['retryNow', {}],
  ])
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

test('settings and diagnostics open in the window of the dashboard', async () => {
  const { controller, windows } = startTray()
  await controller.perform({ kind: 'open-view', route: '#/diagnostics' })
  expect(windows).toEqual(['dashboard#/diagnostics'])
})

test('what is to be copied is copied as it is', async () => {
  const { controller, copied } = startTray()
  await controller.perform({ kind: 'copy', text: 'http://127.0.0.1:8080/v1' })
  expect(copied).toEqual(['http://127.0.0.1:8080/v1'])
})

test('a tick that the desktop has put on its own is taken back where nothing has changed', async () => {
  const { api, controller, drawn, line } = startTray({ clients: [makeClientState({ name: 'vm' })] })
  api.answer('setClientEnabled', () => {
    throw new AppError('api.not-found', 'There is no client named "vm".')
  })
  drawn.splice(0)
  await controller.perform({ kind: 'enable-client', name: 'vm', enabled: false })
  expect(drawn).toEqual(['items'])
  expect(line('vm:')).toMatchObject({ checked: true })
})

test.each<[TrayAction, readonly [string, object]]>([
  [{ kind: 'enable-relay', enabled: false }, ['setRelayEnabled', { enabled: false }]],
  [{ kind: 'tunnel-awake', awake: true }, ['setTunnelAwake', { awake: true }]],
])('the switch %j is a call', async (action, call) => {
  const { api, controller } = startTray()
  await controller.perform(action)
  expect(api.calls).toContainEqual(call)
})

test('a closed tray listens no more', () => {
  const { api, controller, live } = startTray()
  expect([api.listenerCount, live.listenerCount]).toEqual([1, 1])
  controller.close()
  expect([api.listenerCount, live.listenerCount]).toEqual([0, 0])
})

import { expect, test, vi } from 'vitest'
import { connectApi } from '../../../../src/shared/bridge-api/connect-api.ts'
import { serveApi } from '../../../../src/shared/bridge-api/serve-api.ts'
import type { AppError } from '../../../../src/shared/errors/app-error.ts'
import { fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { memoryPorts } from '../../../support/memory-port.ts'

/** Everything that arrives at a port. */
function collect(port: { onMessage(listener: (message: unknown) => void): () => void }): unknown[] {
  const seen: unknown[] = []
  port.onMessage((message) => seen.push(message))
  return seen
}

test.each([
  ['nuke', '"nuke"'],
  ['__proto__', '"__proto__"'],
  ['on', '"on"'],
  [undefined, 'undefined'],
  [{ call: 'connect' }, '{"call":"connect"}'],
])('a call that is not on the list is answered with its name: %j', async (call, shown) => {
  const [near, far] = memoryPorts()
  serveApi(fakeBridgeApi(), near)
  const seen = collect(far)
  far.send({ id: 7, call, args: {} })
  await vi.waitFor(() => expect(seen).toHaveLength(1))
  expect(seen[0]).toEqual({
    id: 7,
    ok: false,
    error: {
      code: 'api.unknown-call',
      message: `There is no call ${shown}.`,
      recovery: 'never',
      remedy: 'Check the name against the list of calls, or update the caller.',
    },
  })
})

test.each([
  [null],
  ['connect'],
  [[]],
  [{ call: 'connect' }],
  [{ id: -1, call: 'connect' }],
  [{ id: '1', call: 'connect' }],
  [{ id: 1, call: 'connect', extra: true }],
])('a message without a usable id ends the connection: %j', async (message) => {
  const bridge = fakeBridgeApi()
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const closed = new Promise<AppError | undefined>((resolve) => far.onClose(resolve))
  far.send(message)
  expect(await closed).toMatchObject({ code: 'api.malformed' })
  expect([bridge.calls, bridge.listenerCount]).toEqual([[], 0])
})

test('a slow reader gets the newest state when it reads again, and none of those in between', async () => {
  const bridge = fakeBridgeApi()
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const revisions: number[] = []
  connectApi(far).on('state', ({ revision }) => revisions.push(revision))
  near.stall()
  for (let count = 0; count < 1000; count += 1) bridge.publish()
  expect(near.waiting).toBe(1)
  near.resume()
  await vi.waitFor(() => expect(revisions).toEqual([2, 1001]))
  bridge.publish()
  await vi.waitFor(() => expect(revisions).toEqual([2, 1001, 1002]))
})

test('answers to calls are not held back behind states that wait', async () => {
  const bridge = fakeBridgeApi()
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const seen = collect(far)
  near.stall()
  bridge.publish()
  bridge.publish()
  far.send({ id: 1, call: 'probe' })
  await vi.waitFor(() => expect(near.waiting).toBe(2))
  near.resume()
  await vi.waitFor(() => expect(seen).toHaveLength(3))
  expect(seen).toMatchObject([{ event: 'state' }, { id: 1, ok: true }, { event: 'state' }])
})

test('a bug is reported with its call to the owner of the port only', async () => {
  const bridge = fakeBridgeApi()
  const bug = new TypeError('oops')
  bridge.answer('disconnect', () => {
    throw bug
  })
  const reported: unknown[] = []
  const [near, far] = memoryPorts()
  serveApi(bridge, near, { onBug: (error, call) => reported.push([error, call]) })
  await expect(connectApi(far).disconnect({})).rejects.toMatchObject({ code: 'internal.bug' })
  expect(reported).toEqual([[bug, 'disconnect']])
})

test('a face that is let go of is told nothing more, also not the answer that was under way', async () => {
  const bridge = fakeBridgeApi()
  const gate = Promise.withResolvers<undefined>()
  bridge.answer('connect', () => gate.promise)
  const [near, far] = memoryPorts()
  const seen = collect(far)
  const stop = serveApi(bridge, near)
  far.send({ id: 1, call: 'connect', args: {} })
  await vi.waitFor(() => expect(bridge.calls).toHaveLength(1))
  stop()
  stop()
  gate.resolve(undefined)
  bridge.publish()
  far.send({ id: 2, call: 'probe', args: {} })
  // By now everything that was sent would have arrived.
  await new Promise((resolve) => setImmediate(resolve))
  expect([seen, bridge.calls.length, bridge.listenerCount]).toEqual([[], 1, 0])
})

test('an answer of another form than the list says is an error of the call, not a wrong value', async () => {
  const [near, far] = memoryPorts()
  near.onMessage(() => near.send({ id: 1, ok: true, result: { status: 'maybe' } }))
  await expect(connectApi(far).pollSignIn({ flowId: 'f' })).rejects.toMatchObject({ code: 'api.malformed' })
})

test('events and answers that this version does not know are passed over', async () => {
  const bridge = fakeBridgeApi()
  const [near, far] = memoryPorts()
  serveApi(bridge, near)
  const face = connectApi(far)
  const seen: unknown[] = []
  face.on('state', (state) => seen.push(state))
  near.send({ event: 'weather', payload: 'fair' })
  near.send({ event: 'state', payload: 'odd' })
  near.send({ id: 99, ok: true, result: 1 })
  await face.probe({})
  expect(seen).toEqual([])
})

test('a failure whose code only a newer bridge knows still says what happened and what to do', async () => {
  const [near, far] = memoryPorts()
  const error = { code: 'moon.missing', message: 'No moon.', recovery: 'user', remedy: 'Look up.' }
  near.onMessage(() => near.send({ id: 1, ok: false, error }))
  await expect(connectApi(far).connect({})).rejects.toMatchObject({
    code: 'internal.bug',
    message: 'No moon.',
    remedy: 'Look up.',
  })
})

test('a face cuts the connection to something that does not speak its language', async () => {
  const [near, far] = memoryPorts()
  const face = connectApi(far)
  near.send({ hello: 'world' })
  expect(await face.closed).toMatchObject({ code: 'api.malformed' })
})

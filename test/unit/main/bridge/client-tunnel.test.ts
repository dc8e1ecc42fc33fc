import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { ClientTunnel } from '../../../../src/main/bridge/client-tunnel.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { type FakeLink, fakeLink } from '../../../support/fake-link.ts'

/** A tunnel whose links come from a list; `asked` gets the signal of every connection that is wanted to the relay. */
function tunnelOver(...links: FakeLink[]) {
  const asked: AbortSignal[] = []
  const left = [...links]
  const tunnel = new ClientTunnel({
    name: 'vm',
    place: 'vm',
    listen: { kind: 'tcp', host: '127.0.0.1', port: 8080 },
    enabled: true,
    createLink: () => left.shift() ?? fakeLink(),
    openRelay: async (signal) => {
      asked.push(signal)
      return new PassThrough()
    },
    ambient: fakeAmbient(),
    onChange: () => undefined,
  })
  return { tunnel, asked }
}

test('a client that is switched on again while it is still closing is not cut off by the end of that', async () => {
  const closing = Promise.withResolvers<void>()
  const [first, second] = [fakeLink(closing.promise), fakeLink()]
  const { tunnel, asked } = tunnelOver(first, second)
  tunnel.start()
  const off = tunnel.setEnabled(false)
  await tunnel.setEnabled(true)
  closing.resolve()
  await off
  second.listeners[0]?.connect(new PassThrough())
  expect(asked.map(({ aborted }) => aborted)).toEqual([false])
  await tunnel.close(0)
  expect(asked.map(({ aborted }) => aborted)).toEqual([true])
})

test('two ports chosen at once leave one listener, on the later one', async () => {
  const closing = Promise.withResolvers<void>()
  const link = fakeLink(closing.promise)
  const { tunnel } = tunnelOver(link)
  tunnel.start()
  const chosen = [tunnel.useOtherPort(8081), tunnel.useOtherPort(8082)]
  closing.resolve()
  await Promise.all(chosen)
  const open = link.listeners.filter(({ isOpen }) => isOpen)
  expect(open.map(({ address }) => address)).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 8082 }])
  await tunnel.close(0)
})

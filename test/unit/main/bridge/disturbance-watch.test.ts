import { expect, onTestFinished, test } from 'vitest'
import { DisturbanceWatch } from '../../../../src/main/bridge/disturbance-watch.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'

function watch() {
  const ambient = fakeAmbient()
  const seen: string[] = []
  let addresses = ['192.168.1.7']
  const watching = new DisturbanceWatch({
    ambient,
    onDisturbance: (kind) => seen.push(kind),
    addresses: () => addresses,
  })
  onTestFinished(() => watching.close())
  return {
    seen,
    tickAfter(ms: number) {
      ambient.pass(ms)
      watching.tick()
    },
    setClock: (iso: string) => ambient.setClock(iso),
    moveTo(...next: string[]) {
      addresses = next
    },
  }
}

test('ticks in time and a steady network are no disturbance', () => {
  const { seen, tickAfter } = watch()
  for (let count = 0; count < 5; count += 1) tickAfter(2_000)
  tickAfter(5_000)
  expect(seen).toEqual([])
})

test('a tick that comes an hour late means that the machine slept, and is told once', () => {
  const { seen, tickAfter } = watch()
  tickAfter(3_600_000)
  tickAfter(2_000)
  expect(seen).toEqual(['slept'])
})

test('a clock that is set back is no disturbance', () => {
  const { seen, tickAfter, setClock } = watch()
  setClock('2026-11-21T11:00:00.000Z')
  tickAfter(2_000)
  expect(seen).toEqual([])
})

test('another address is a change of network, and so is none', () => {
  const { seen, tickAfter, moveTo } = watch()
  moveTo('10.0.0.3')
  tickAfter(2_000)
  moveTo()
  tickAfter(2_000)
  tickAfter(2_000)
  expect(seen).toEqual(['network-changed', 'network-changed'])
})

import { expect, test } from 'vitest'
import { cellsOf } from '../../../../src/perimeter/policy/cells.ts'
import { targetOf } from '../../../../src/perimeter/verify/targets.ts'
import { makePerimeter } from '../../../support/make-perimeter.ts'

const perimeter = makePerimeter()
const known = {
  own: ['10.10.10.2'],
  lan: ['192.168.250.50', 'fd00:250::50', '192.0.2.7'],
  internet: ['1.1.1.1'],
}
const target = (id: string, hosts = known) => {
  const cell = cellsOf(perimeter).find((one) => one.id === id)
  if (cell === undefined) throw new Error(`There is no cell ${id}.`)
  return targetOf(cell, perimeter, hosts)
}

test.each([
  ['vpn>server/tcp/11434/4', '192.168.251.20'],
  ['vpn>server/tcp/11434/6', 'fd00:251::20'],
  ['vpn>router/tcp/22/4', '10.10.10.1'],
  ['server>router/udp/53/4', '192.168.251.1'],
  ['lan>router/tcp/22/6', 'fd00:250::1'],
  ['internet>router/tcp/22/4', 'vpn.example.org'],
  ['vpn>lan/tcp/22/4', '192.168.250.50'],
  ['vpn>admin/tcp/22/4', '192.168.250.10'],
  // Not itself: that would never leave the computer.
  ['vpn>peer/tcp/22/4', '10.10.10.3'],
  ['server>internet/tcp/443/4', '1.1.1.1'],
])('%s is asked of %s', (id, address) => {
  expect(target(id)).toEqual({ address })
})

test.each([
  // At home these addresses are somebody else's.
  ['internet>server/tcp/11434/4', /private/],
  ['internet>lan/tcp/22/4', /private/],
  ['internet>server/tcp/11434/6', /private/],
  ['server>internet/tcp/443/6', /--internet-host/],
  ['server>server/tcp/53/4', /to itself/],
])('%s cannot be asked, and it is said why', (id, words) => {
  expect(target(id)).toEqual({ unknown: expect.stringMatching(words) })
})

test('no machine of the LAN is made up', () => {
  const nobody = { own: [], lan: [], internet: [] }
  expect(target('vpn>lan/tcp/22/6', nobody)).toEqual({ unknown: expect.stringContaining('--lan-host') })
  expect(target('vpn>lan/tcp/22/4', nobody)).toEqual({ address: '192.168.250.10' })
})

import { expect, test } from 'vitest'
import { createLogger, recentLogLines } from '../../../../src/node/log.ts'
import { EndWarner } from '../../../../src/node/pki/end-warner.ts'

const DAY = 86_400_000
const TODAY = Date.UTC(2026, 5, 1, 12)

function makeWarner() {
  const log = createLogger('test', 'silent')
  const said = () => recentLogLines(log).map((line) => (JSON.parse(line) as { msg: string }).msg)
  return { warner: new EndWarner({ log, what: 'the certificate of this agent' }), said }
}

test('says nothing of a certificate that has more than 30 days left', () => {
  const { warner, said } = makeWarner()
  warner.look(TODAY + 31 * DAY, TODAY)
  expect(said()).toEqual([])
})

test('warns once a day, however often it is asked, and says when it is over', () => {
  const { warner, said } = makeWarner()
  const end = TODAY + 2 * DAY
  for (const now of [TODAY, TODAY + 1, TODAY + 60_000, TODAY + DAY, TODAY + DAY + 1, end])
    warner.look(end, now)
  expect(said()).toEqual([
    'the certificate of this agent expires in 2 days',
    'the certificate of this agent expires in 1 day',
    'the certificate of this agent has expired',
  ])
})

test('warns of another certificate on the same day', () => {
  const { warner, said } = makeWarner()
  warner.look(TODAY + 5 * DAY, TODAY)
  warner.look(TODAY + 90 * DAY, TODAY)
  warner.look(TODAY + 10 * DAY, TODAY)
  expect(said()).toEqual([
    'the certificate of this agent expires in 5 days',
    'the certificate of this agent expires in 10 days',
  ])
})

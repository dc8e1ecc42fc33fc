import { expect, test } from 'vitest'
import { failureWords } from '../../../../src/perimeter/apply/failure-words.ts'

test('names the command that failed and the last line that it said', () => {
  expect(
    failureWords(['+ true', 'fine', '+ ip link add lan0.20', '', 'Cannot find device "lan0.20"']),
  ).toEqual({
    command: 'ip link add lan0.20',
    said: 'Cannot find device "lan0.20"',
  })
})

test('shows the error of nft and not the arrow below it', () => {
  const log = [
    '+ nft -c -f /etc/sovereign/router.nft',
    '/etc/sovereign/router.nft:12:3-9: Error: syntax error, unexpected string',
    '  acccept',
    '  ^^^^^^^',
  ]
  expect(failureWords(log).said).toBe(
    '/etc/sovereign/router.nft:12:3-9: Error: syntax error, unexpected string',
  )
})

test('all that the look at a router found, not only the last of it', () => {
  const log = ['+ sh /etc/sovereign/preflight.sh', 'sovereign: there is no zone wan', 'sovereign: no fw4']
  expect(failureWords(log).said).toBe('there is no zone wan; no fw4')
})

test('a command that was silent, and a log without any', () => {
  expect(failureWords(['+ false'])).toEqual({ command: 'false', said: 'it said nothing' })
  expect(failureWords([])).toEqual({ said: 'it said nothing' })
})

import { expect, test } from 'vitest'
import type { Lookup } from '../../../../src/node/address-policy/lookups.ts'
import { inTurns } from '../../../../src/node/address-policy/lookups.ts'

type Answer = Awaited<ReturnType<Lookup>>

function slow() {
  const asked: string[] = []
  const waiting: PromiseWithResolvers<Answer>[] = []
  const lookup: Lookup = (name) => {
    asked.push(name)
    const answer = Promise.withResolvers<Answer>()
    waiting.push(answer)
    return answer.promise
  }
  const found = [{ address: '192.0.2.1', family: 4 }]
  return { asked, found, lookup, waiting }
}

test('so many names are looked up at once, and the others when one is done, in their order', async () => {
  const { asked, found, lookup, waiting } = slow()
  const inTwos = inTurns(lookup, 2)
  const answers = ['a', 'b', 'c', 'd'].map((name) => inTwos(name))
  expect(asked).toEqual(['a', 'b'])
  waiting[1]?.resolve(found)
  expect(await answers[1]).toBe(found)
  expect(asked).toEqual(['a', 'b', 'c'])
  waiting[0]?.reject(new Error('no such name'))
  await expect(answers[0]).rejects.toThrow('no such name')
  expect(asked).toEqual(['a', 'b', 'c', 'd'])
  for (const { resolve } of waiting) resolve(found)
  expect(await Promise.all(answers.slice(2))).toEqual([found, found])
})

test('who gives up before the turn is never looked up, and who does during it keeps the turn', async () => {
  const { asked, found, lookup, waiting } = slow()
  const inOnes = inTurns(lookup, 1)
  const first = new AbortController()
  const second = new AbortController()
  const answers = [inOnes('a', first.signal), inOnes('b', second.signal), inOnes('c')]
  second.abort(new Error('given up'))
  await expect(answers[1]).rejects.toThrow('given up')
  first.abort()
  expect(asked).toEqual(['a'])
  waiting[0]?.resolve(found)
  await answers[0]
  expect(asked).toEqual(['a', 'c'])
  waiting[1]?.resolve(found)
  expect(await answers[2]).toBe(found)
  await expect(inOnes('d', AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late')
})

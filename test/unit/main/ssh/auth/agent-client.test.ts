import { expect, onTestFinished, test } from 'vitest'
import { listAgentKeys, signWithAgent } from '../../../../../src/main/ssh/auth/agent-client.ts'
import { packString, packUint32 } from '../../../../../src/main/ssh/auth/wire.ts'
import { startFakeAgent } from '../../../../support/fake-agent.ts'

const { signal } = new AbortController()
const LIST_ANSWER = 12
const FAILURE = 5

const listOf = (...keys: [blob: string, comment: string][]) =>
  packString(
    Buffer.concat([
      Buffer.from([LIST_ANSWER]),
      packUint32(keys.length),
      ...keys.flatMap((key) => key.map((part) => packString(part))),
    ]),
  )

test('keys are listed in the order of the agent, with their comments', async () => {
  const path = await startFakeAgent(onTestFinished, () => listOf(['one', 'first'], ['two', '']))
  expect(await listAgentKeys(path, signal)).toEqual([
    { blob: Buffer.from('one'), comment: 'first' },
    { blob: Buffer.from('two'), comment: '' },
  ])
})

test('an answer may come in pieces', async () => {
  const answer = listOf(['one', 'x'.repeat(70_000)])
  const path = await startFakeAgent(onTestFinished, () => answer)
  expect((await listAgentKeys(path, signal))[0]?.comment.length).toBe(70_000)
})

const broken: readonly [title: string, answer: Buffer | undefined][] = [
  ['hangs up', undefined],
  ['refuses', packString(Buffer.from([FAILURE]))],
  ['sends an empty message', packUint32(0)],
  ['announces more than any agent has to say', packUint32(0xffff_ffff)],
]
for (const [title, answer] of broken) {
  test(`an agent that ${title} is unavailable`, async () => {
    const path = await startFakeAgent(onTestFinished, () => answer)
    await expect(listAgentKeys(path, signal)).rejects.toMatchObject({
      code: 'ssh.agent-unavailable',
      message: expect.stringContaining(path),
    })
    const request = { blob: Buffer.from('key'), data: Buffer.from('data'), hash: 'sha512' } as const
    await expect(signWithAgent(path, request, signal)).rejects.toMatchObject({
      code: 'ssh.agent-unavailable',
    })
  })
}

test('a list that ends too early is an error and not a shorter list', async () => {
  const path = await startFakeAgent(onTestFinished, () =>
    packString(Buffer.concat([Buffer.from([LIST_ANSWER]), packUint32(9), packString('one')])),
  )
  await expect(listAgentKeys(path, signal)).rejects.toThrow(RangeError)
})

test('a question that is taken back does not wait for the agent', async () => {
  const path = await startFakeAgent(onTestFinished, () => Buffer.alloc(0))
  const controller = new AbortController()
  const request = { blob: Buffer.from('key'), data: Buffer.from('data'), hash: 'sha512' } as const
  const signing = signWithAgent(path, request, controller.signal)
  controller.abort()
  await expect(signing).rejects.toMatchObject({ code: 'ssh.agent-unavailable' })
})

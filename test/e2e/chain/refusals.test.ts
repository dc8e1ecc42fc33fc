import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, ask, CHAT, errorMessage, open, STREAMED_CHAT } from '../../support/ask.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import type { Reply } from '../../support/upstreams/reply.ts'

const MIB = 1024 * 1024
/** The memory of a process is read there. */
const HAS_PROC = process.platform === 'linux'

let chain: Chain
let url: string
let reply: Reply

beforeAll(async () => {
  chain = await startChain({ copilot: { respond: () => reply } })
  await chain.connected()
  url = chain.client('vm').url
})

beforeEach(() => {
  reply = { text: 'A short answer.' }
})

/** Whatever went wrong stays with the request that it happened to. */
afterEach(async () => {
  reply = { text: 'A short answer.' }
  expect(await ask(`${url}/v1/chat/completions`, { body: CHAT })).toMatchObject({ status: 200 })
})

afterAll(() => chain?.close())

describe('what Copilot refuses keeps its status and its words on the way to the client', () => {
  test.each([
    [400, 'The request is odd.'],
    [402, 'You have no credits left.'],
    [403, 'Access to this model is not enabled.'],
    [466, 'Your client is too old.'],
    [500, 'Something broke at our side.'],
    [503, 'Too many people ask.'],
  ])('%i in JSON', async (status, message) => {
    chain.copilot.script({ status, body: { error: { message, code: 'some_code' } } })
    const answer = await ask(`${url}/v1/chat/completions`, { body: STREAMED_CHAT })
    expect(answer).toMatchObject({ status, end: 'complete' })
    expect(errorMessage(answer)).toBe(message)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'some_code' }, relay: { remedy: /./ } })
  })

  test('429 with the pause that it asks for', async () => {
    const message = 'Slow down.'
    const headers = { 'retry-after': '17' }
    chain.copilot.script({ status: 429, body: { error: { message } }, headers })
    const answer = await ask(`${url}/v1/chat/completions`, { body: CHAT })
    expect(answer).toMatchObject({ status: 429, headers })
    expect(errorMessage(answer)).toBe(message)
  })

  test('401, after one more try with a fresh token', async () => {
    const refusal: Reply = { status: 401, body: 'unauthorized: token expired' }
    chain.copilot.script(refusal)
    expect(await ask(`${url}/v1/chat/completions`, { body: CHAT })).toMatchObject({ status: 200 })
    chain.copilot.script(refusal, refusal)
    const answer = await ask(`${url}/v1/chat/completions`, { body: CHAT })
    expect(answer.status).toBe(401)
    expect(errorMessage(answer)).toContain('token expired')
  })

  test.each([
    [403, 'forbidden: access denied by policy'],
    [502, '<html><body>Bad gateway</body></html>'],
  ])('%i in plain text becomes JSON that clients can read', async (status, body) => {
    chain.copilot.script({ status, body })
    const answer = await ask(`${url}/v1/messages`, {
      body: { ...CHAT, model: 'claude-sonnet-4.5', max_tokens: 100 },
    })
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json' } })
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'error' })
    expect(errorMessage(answer)).toContain(body)
  })
})

describe('a stream that fails at the upstream', () => {
  test('OpenRouter says so in the middle of its stream: its words arrive as they are', async () => {
    const answers: Answer[] = []
    for (const base of [url, chain.openrouter.url]) {
      chain.openrouter.script({ text: 'One two three four.', end: 'error' })
      answers.push(
        await ask(`${base}/api/v1/chat/completions`, {
          body: { ...STREAMED_CHAT, model: 'deepseek/deepseek-v3.2' },
          ...(base === url ? {} : { headers: { authorization: `Bearer ${chain.openrouterKey}` } }),
        }),
      )
    }
    const [through, direct] = answers
    expect(through).toMatchObject({ status: 200, end: 'complete' })
    expect(through?.text).toContain('"finish_reason":"error"')
    expect(through?.text).toBe(direct?.text)
  })

  test.each(['cut', 'truncate'] as const)(
    '%s without a word: the client is told in an event',
    async (end) => {
      reply = { text: 'One two three four.', end }
      const { status, text } = await ask(`${url}/v1/chat/completions`, { body: STREAMED_CHAT })
      expect(status).toBe(200)
      expect(text).not.toContain('[DONE]')
      expect(text).toMatch(/data: \{"error":\{"message":"Copilot .+relay\.stream-truncated.+\}\n\n$/)
    },
  )
})

describe('bodies', () => {
  test.each(['{"model": "gpt-4.1", "messages": [', '[]', ''])('that are no JSON object: %j', async (body) => {
    const asked = chain.copilot.requests.length
    const answer = await ask(`${url}/v1/chat/completions`, { method: 'POST', body })
    expect(answer).toMatchObject({ status: 400, end: 'complete' })
    expect(errorMessage(answer)).toContain('JSON')
    expect(chain.copilot.requests.length).toBe(asked)
  })

  test.runIf(HAS_PROC)(
    'of 100 MB are refused with 413, also when their size is not announced, and do not fill the bridge',
    async () => {
      expect(await upload(100 * MIB, true)).toBe(413)
      // Collected garbage brings the process to a size that it keeps; what were kept of bodies would come on top.
      for (let warmUp = 0; warmUp < 3; warmUp++) expect(await upload(100 * MIB, false)).toBe(413)
      const before = await peakBytes(chain.bridge().pid)
      for (let turn = 0; turn < 3; turn++) expect(await upload(100 * MIB, false)).toBe(413)
      const typed = await chain.onClient(
        'vm',
        `head -c 100000000 /dev/zero | curl -sS -o /dev/null -w '%{http_code}' -T - -X POST ${url}/v1/chat/completions`,
      )
      expect(typed.stdout).toBe('413')
      expect((await peakBytes(chain.bridge().pid)) - before).toBeLessThan(32 * MIB)
    },
  )

  test('of many megabytes that are allowed arrive whole', async () => {
    const content = 'x'.repeat(20 * MIB)
    const body = { ...CHAT, messages: [{ role: 'user', content }] }
    expect(await ask(`${url}/v1/chat/completions`, { body })).toMatchObject({ status: 200 })
    expect(chain.copilot.requests.at(-1)?.json).toMatchObject({ messages: [{ content }] })
  })
})

describe('readers', () => {
  test.runIf(HAS_PROC)(
    'one that does not read for a while holds Copilot back, not the memory of the bridge',
    async () => {
      reply = { text: `${'x'.repeat(1023)} `.repeat(48 * 1024) }
      const before = await peakBytes(chain.bridge().pid)
      const answer = await open(`${url}/v1/chat/completions`, { body: STREAMED_CHAT })
      answer.pause()
      const asked = chain.copilot.requests.at(-1)
      await untilSteady(() => asked?.bytesSent() ?? 0)
      const start = asked?.bytesSent() ?? 0
      expect((await peakBytes(chain.bridge().pid)) - before).toBeLessThan(32 * MIB)
      answer.resume()
      expect(await answer.ended).toBe('complete')
      expect((asked?.bytesSent() ?? 0) - start).toBeGreaterThan(20 * MIB)
      expect(answer.text().match(/x{1023} /g)?.length).toBe(48 * 1024)
      expect(answer.text()).toMatch(/data: \[DONE\]\n\n$/)
    },
  )

  test.each(['streamed', 'not answered yet'])(
    'one that vanishes while its answer is %s frees Copilot',
    async (when) => {
      reply =
        when === 'streamed'
          ? { text: 'word '.repeat(1000), chunkDelayMs: 20 }
          : { text: 'No.', firstDelayMs: 20_000 }
      const asked = chain.copilot.requests.length
      const sent = request(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        agent: false,
      })
      sent.on('error', () => undefined).on('response', (response) => response.resume())
      sent.end(JSON.stringify(STREAMED_CHAT))
      await waitUntil(() => chain.copilot.requests.length > asked, 5_000)
      if (when === 'streamed')
        await waitUntil(() => (chain.copilot.requests.at(-1)?.bytesSent() ?? 0) > 2_000, 5_000)
      const abandoned = chain.copilot.requests.at(-1)
      sent.destroy()
      expect(await waitUntil(() => abandoned?.abandonedAt !== undefined, 2_000)).toBe(true)
    },
  )
})

/** @returns the status; the upload is broken off when there is one. */
function upload(bytes: number, announced: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(announced ? { 'content-length': bytes } : {}) },
      agent: false,
    })
    sent.on('error', reject)
    sent.on('response', (response) => {
      resolve(response.statusCode ?? 0)
      sent.destroy()
    })
    const piece = Buffer.alloc(MIB, 'x')
    let left = bytes
    const more = (): void => {
      while (left > 0 && !sent.destroyed) {
        left -= piece.length
        if (!sent.write(piece)) return void sent.once('drain', more)
      }
      if (!sent.destroyed) sent.end()
    }
    more()
  })
}

/** The largest amount of memory that a process has had so far. */
async function peakBytes(pid: number): Promise<number> {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

/** Waits until a number has stayed the same for a while. */
async function untilSteady(read: () => number): Promise<void> {
  let last = -1
  let sameSince = performance.now()
  const isSteady = (): boolean => {
    const now = read()
    if (now !== last) {
      last = now
      sameSince = performance.now()
    }
    return now > 0 && performance.now() - sameSince > 500
  }
  if (!(await waitUntil(isSteady, 15_000))) throw new Error('It does not come to rest.')
}

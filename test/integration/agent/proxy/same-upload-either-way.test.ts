import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { freePort } from '../../../support/free-port.ts'
import { startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { SITE, UPLOADS_IN_A_ROW, type Upload } from './odd-uploads.ts'
import { type Answer, CUT, essence, readAnswer, turns } from './read-answer.ts'

/** Generous; what has not happened by then never will. */
const CEILING_MS = 10_000

interface Heard {
  /** Interim ones too. */
  readonly answers: readonly (readonly string[])[]
  /** What reached the host whole: head, and the body without its framing. Of what it answers early, the head. */
  readonly requests: readonly string[]
}

/** @returns where the body ends and what it says, or undefined while there is more to come. */
function readBody(text: string, head: string): { readonly end: number; readonly said: string } | undefined {
  if (!/^transfer-encoding: chunked$/im.test(head)) {
    const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0)
    return text.length < length ? undefined : { end: length, said: text.slice(0, length) }
  }
  let said = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd)
      return end < 0 ? undefined : { end: end + 4, said: said + text.slice(lineEnd, end) }
    }
    at = lineEnd + 2 + size + 2
    if (text.length < at) return undefined
    said += text.slice(lineEnd + 2, at - 2)
  }
}

/** A host that reads what is uploaded and answers by a script. */
async function startUploadHost() {
  let script: Upload['answer'][] = []
  let requests: string[] = []
  const { port, sockets } = await startBytes((socket) => {
    let rest = ''
    let current: { readonly head: string; readonly answer: Upload['answer'] } | undefined
    const say = ({ text, ends }: Upload['answer']): void => {
      if (text !== '') socket.write(text, 'latin1')
      if (ends) socket.end()
    }
    const begin = (): boolean => {
      const end = rest.indexOf('\r\n\r\n')
      const answer = end < 0 ? undefined : script.shift()
      if (answer === undefined) return false
      current = { head: plainly(rest.slice(0, end)), answer }
      rest = rest.slice(end + 4)
      if (answer.interim !== '') socket.write(answer.interim)
      if (answer.isEarly) {
        requests.push(current.head)
        say(answer)
      }
      return true
    }
    socket.on('end', () => socket.end())
    socket.on('data', (bytes: Buffer) => {
      rest += bytes.toString('latin1')
      while (!socket.writableEnded && (current !== undefined || begin())) {
        if (current === undefined) return
        const body = readBody(rest, current.head)
        if (body === undefined) return
        rest = rest.slice(body.end)
        const { head, answer } = current
        current = undefined
        if (answer.isEarly) continue
        requests.push(`${head}\n${body.said}`)
        say(answer)
      }
    })
  })
  let site = 0
  return {
    port,
    nextSite: () => `s${String(++site).padStart(SITE.length - '.test'.length - 1, '0')}.test`,
    play(answers: readonly Upload['answer'][]): string[] {
      for (const socket of sockets) socket.destroy()
      script = [...answers]
      requests = []
      return requests
    },
  }
}

/** Without what Node and undici say although it is so anyway. */
function plainly(head: string): string {
  return head
    .split('\r\n')
    .filter((line) => !/^connection: (?:keep-alive|close)$/i.test(line))
    .map((line) => line.replace(/^(?:host|transfer-encoding):/i, (name) => name.toLowerCase()))
    .join('\r\n')
}

/** Where the bytes of an upload are divided: not at all, in its head, behind it, or anywhere. */
type Cuts = (upload: Upload) => readonly number[]

const WHOLE: Cuts = () => []

function waysToCut(shares: readonly number[]): Record<string, Cuts> {
  return {
    'in the head': ({ head }) => [head.length - 2],
    'behind the head': ({ head }) => [head.length],
    'in the head and behind it': ({ head }) => [head.length - 2, head.length],
    anywhere: ({ head, body }) => shares.map((share) => Math.floor(share * (head.length + body.length))),
  }
}

async function say(socket: Socket, upload: Upload, cuts: Cuts): Promise<void> {
  const bytes = Buffer.from(upload.head + upload.body, 'latin1')
  let from = 0
  for (const cut of [...cuts(upload)].sort((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue
    socket.write(bytes.subarray(from, cut))
    await turns()
    from = cut
  }
  socket.write(bytes.subarray(from))
}

async function converse(
  port: number,
  uploads: readonly Upload[],
  cuts: Cuts,
): Promise<(readonly string[])[]> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let rest = ''
  let isClosed = false
  const close = (): void => {
    isClosed = true
  }
  socket.on('error', close).on('end', close).on('close', close)
  socket.on('data', (bytes: Buffer) => {
    rest += bytes.toString('latin1')
  })
  const answers: (readonly string[])[] = []
  for (const upload of uploads) {
    if (isClosed) break
    await say(socket, upload, cuts)
    for (let isFinal = false; !isFinal; ) {
      let answer: Answer | undefined
      await waitUntil(
        () => {
          answer = readAnswer(rest, upload.isHead, isClosed)
          return answer !== undefined || isClosed
        },
        CEILING_MS,
        1,
      )
      answers.push(answer !== undefined ? essence(answer.told) : isClosed ? CUT : ['stalled'])
      if (answer === undefined || /^connection: close$/im.test(rest.slice(0, answer.bytes))) isClosed = true
      rest = rest.slice(answer?.bytes ?? 0)
      isFinal = !/^HTTP\/1\.1 1/.test(answer?.told[0] ?? '')
    }
  }
  socket.destroy()
  return answers
}

/** Whether bytes arrive together or apart says nothing about what they mean (RFC 9112 §2.2, §6.3). */
test('an upload goes the same however its bytes arrive', async () => {
  const host = await startUploadHost()
  const closed = await freePort()
  const direct = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']) })
  const egress: Egress = {
    name: direct.name,
    connect: (target, signal) =>
      direct.connect({ host: '127.0.0.1', port: target.host === 'closed.test' ? closed : host.port }, signal),
    close: (drainMs) => direct.close(drainMs),
  }
  const { port } = await startProxy({
    choose: (name) => (name === 'denied.test' ? 'deny' : egress),
    limits: { answerMs: 3_000, silenceMs: 3_000 },
  })

  async function hear(uploads: readonly Upload[], cuts: Cuts): Promise<Heard> {
    const site = host.nextSite()
    const named = uploads.map((upload) => ({ ...upload, head: upload.head.replaceAll(SITE, site) }))
    const requests = host.play(named.map(({ answer }) => answer))
    const answers = await converse(port, named, cuts)
    return JSON.parse(JSON.stringify({ answers, requests }).replaceAll(site, SITE)) as Heard
  }

  await fc.assert(
    fc.asyncProperty(
      UPLOADS_IN_A_ROW,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
      async (uploads, shares) => {
        const whole = await hear(uploads, WHOLE)
        expect(whole.answers).not.toContainEqual(['stalled'])
        for (const [where, cuts] of Object.entries(waysToCut(shares)))
          expect(await hear(uploads, cuts), where).toEqual(whole)
      },
    ),
    { numRuns: 400, seed: 7 },
  )
}, 60_000)

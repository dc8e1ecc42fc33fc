import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { EXCHANGES, type Exchange, SITE } from '../../../support/odd-exchanges.ts'
import { type StartedProxy, startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { type Answer, CUT, essence, readAnswer, turns } from './read-answer.ts'

interface Heard {
  /** Of each answer: the status line, the fields in order, the body without its framing. */
  readonly answers: readonly (readonly string[])[]
  /** What reached the host. */
  readonly requests: readonly string[]
}

/** A host that answers by a script, whatever it is asked for. */
async function startActor() {
  let script: Exchange['answer'][] = []
  let requests: string[] = []
  const { port, sockets } = await startBytes((socket) => {
    let rest = ''
    let hasEnded = false
    let acted = Promise.resolve()
    const act = async (head: string): Promise<void> => {
      if (hasEnded) return
      requests.push(head)
      const { pieces, ends } = script.shift() ?? { pieces: [], ends: true }
      hasEnded = ends
      for (const [index, piece] of pieces.entries()) {
        if (index > 0) await turns()
        socket.write(piece, 'latin1')
      }
      if (ends) socket.end()
    }
    socket.on('data', (bytes: Buffer) => {
      const heads = (rest + bytes.toString('latin1')).split('\r\n\r\n')
      rest = heads.pop() ?? ''
      for (const head of heads) acted = acted.then(() => act(head))
    })
  })
  let site = 0
  return {
    port,
    nextSite: () => ++site,
    play(answers: readonly Exchange['answer'][]): string[] {
      for (const socket of sockets) socket.destroy()
      script = [...answers]
      requests = []
      return requests
    },
  }
}

async function say(socket: Socket, text: string, isWhole: boolean): Promise<void> {
  const bytes = Buffer.from(text, 'latin1')
  if (isWhole) {
    socket.write(bytes)
    return
  }
  socket.write(bytes.subarray(0, -2))
  await turns()
  socket.write(bytes.subarray(-2))
}

async function converse(
  proxyPort: number,
  exchanges: readonly Exchange[],
  isWhole: boolean,
): Promise<(readonly string[])[]> {
  const socket = connect({ port: proxyPort, host: '127.0.0.1', noDelay: true })
  let rest = ''
  let isClosed = false
  const close = (): void => {
    isClosed = true
  }
  socket
    .on('error', () => undefined)
    .on('end', close)
    .on('close', close)
  socket.on('data', (bytes: Buffer) => {
    rest += bytes.toString('latin1')
  })
  const answers: (readonly string[])[] = []
  for (const { request } of exchanges) {
    if (isClosed) break
    await say(socket, request.text, isWhole)
    for (let isFinal = false; !isFinal; ) {
      let answer: Answer | undefined
      await waitUntil(
        () => {
          answer = readAnswer(rest, request.isHead, isClosed)
          return answer !== undefined || isClosed
        },
        5_000,
        1,
      )
      answers.push(answer !== undefined ? essence(answer.told) : isClosed ? CUT : ['stalled'])
      const said = rest.slice(0, answer?.bytes ?? 0)
      if (answer === undefined || /^connection: close$/im.test(said)) isClosed = true
      rest = rest.slice(answer?.bytes ?? 0)
      isFinal = !/^HTTP\/1\.1 1/.test(answer?.told[0] ?? '')
    }
  }
  socket.destroy()
  return answers
}

async function hear(
  { port }: StartedProxy,
  actor: Awaited<ReturnType<typeof startActor>>,
  exchanges: readonly Exchange[],
  isWhole: boolean,
): Promise<Heard> {
  const site = `s${String(actor.nextSite()).padStart(6, '0')}.test`
  const named = exchanges.map(({ request, answer }) => ({
    request: { ...request, text: request.text.replaceAll(SITE, site) },
    answer,
  }))
  const requests = actor.play(named.map(({ answer }) => answer))
  const answers = await converse(port, named, isWhole)
  return JSON.parse(
    JSON.stringify({ answers, requests: requests.map(plainly) }).replaceAll(site, SITE),
  ) as Heard
}

/** Without what undici says although it is so anyway. */
function plainly(head: string): string {
  return head
    .split('\r\n')
    .filter((line) => !/^connection: (?:keep-alive|close)$/.test(line))
    .map((line) => line.replace(/^host:/, 'Host:'))
    .join('\r\n')
}

/**
 * A request whose head comes whole may be read by the proxy itself, one whose head comes in two pieces never is: so the
 * same conversation in both ways shows where the proxy reads differently from the parsers of Node and undici.
 */
test('a conversation goes the same whether the proxy reads its requests itself or Node does', async () => {
  const actor = await startActor()
  const direct = new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']) })
  const egress: Egress = {
    name: direct.name,
    connect: (_target, signal) => direct.connect({ host: '127.0.0.1', port: actor.port }, signal),
    close: (drainMs) => direct.close(drainMs),
  }
  const proxy = await startProxy({ egress, limits: { answerMs: 3_000, silenceMs: 3_000 } })
  await fc.assert(
    fc.asyncProperty(EXCHANGES, async (conversation) => {
      const byNode = await hear(proxy, actor, conversation, false)
      const byItself = await hear(proxy, actor, conversation, true)
      expect(byItself).toEqual(byNode)
    }),
    { numRuns: 400, seed: 7 },
  )
}, 60_000)

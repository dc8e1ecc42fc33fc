import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { EgressTarget } from '../../../src/main/egress/egress.ts'
import { soon } from '../../support/soon.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { agentsOf, SERVER_NAME } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer, makeAgent } = tunnelFixture()
let desk: { readonly cert: string; readonly key: string }
beforeAll(async () => {
  desk = await certs.authority.issue('desk')
})

const LONG_MS = 3_600_000

async function world(protocol: 'h2' | 'envelopes') {
  const server = await startServer()
  const port = await startEcho()
  const agent = makeAgent(server, { protocol })
  const target: EgressTarget = { host: '127.0.0.1', port }
  const open = () => agent.egress.connect(target, new AbortController().signal)
  const says = async (stream: Awaited<ReturnType<typeof open>>, text: string): Promise<string> => {
    stream.write(text)
    return String((await once(stream, 'data'))[0])
  }
  const terms = { serverName: SERVER_NAME, protocol, tls: { ca: certs.ca, ...desk } }
  return { server, agent, open, says, terms }
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('streams of before go on, new ones go by the new terms, and the old connection ends with its last', async () => {
    const { server, agent, open, says, terms } = await world(protocol)
    const before = await open()
    agent.egress.use(terms, LONG_MS)
    const after = await open()
    expect(agentsOf(server)).toEqual(['laptop', 'desk'])
    expect(await says(before, 'still here')).toBe('still here')
    expect(await says(after, 'here too')).toBe('here too')
    expect(server.meters.connections).toBe(2)
    before.end()
    before.resume()
    await soon(() => expect(server.meters.connections).toBe(1))
    expect(await says(after, 'and still')).toBe('and still')
  })

  test('what has not ended by the end of its time is cut, and the new is not', async () => {
    const { server, agent, open, says, terms } = await world(protocol)
    const before = await open()
    const failed = once(before, 'error')
    agent.egress.use(terms, 50)
    const after = await open()
    expect((await failed)[0]).toMatchObject({ code: 'tunnel.down' })
    await soon(() => expect(server.meters.connections).toBe(1))
    expect(await says(after, 'still')).toBe('still')
  })

  test('terms that cannot be used fail new streams with words and leave those of before alone', async () => {
    const { agent, open, says, terms } = await world(protocol)
    const before = await open()
    const broken = join(certs.authority.dir, 'broken.pem')
    await writeFile(broken, 'nothing')
    agent.egress.use({ ...terms, tls: { ...terms.tls, cert: broken } }, LONG_MS)
    await expect(open()).rejects.toMatchObject({ code: 'certs.invalid' })
    expect(agent.states.at(-1)).toMatchObject({ phase: 'failed', cause: { code: 'certs.invalid' } })
    expect(await says(before, 'still here')).toBe('still here')
    // What waits for a person is tried at once when the person has done something.
    agent.egress.use(terms, LONG_MS)
    await soon(() => expect(agent.states.at(-1)?.phase).toBe('connected'))
  })
})

import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { rawHttp } from '../../../support/raw-http.ts'
import { startProxy } from '../../../support/start-proxy.ts'

const run = promisify(execFile)
const CONNECTIONS = 300
const LONG = Buffer.alloc(256 * 1024, 'x')

function hasSlowHttpTest(): boolean {
  try {
    execFileSync('slowhttptest', ['-h'], { stdio: 'ignore' })
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

const isThere = hasSlowHttpTest()
if (!isThere) console.warn('SKIPPED: no slow clients attack the proxy, because there is no slowhttptest.')

/** By the options of slowhttptest: heads and bodies that never come to an end, and answers that are read in drops. */
const ATTACKS = [
  ['heads', ['-H']],
  ['bodies', ['-B']],
  ['reads', ['-X', '-w', '8', '-y', '16', '-n', '1', '-z', '1', '-k', '1']],
] as const

test.skipIf(!isThere).each(ATTACKS)(
  `${CONNECTIONS} clients with slow %s keep nobody else out`,
  async (what, options) => {
    const host = createServer((request, response) => {
      request.resume()
      // Those that read slowly get something to read for long.
      if (request.url === '/') response.end(what === 'reads' ? LONG : 'slow')
      else response.end('quick')
    }).listen(0, '127.0.0.1')
    await once(host, 'listening')
    onTestFinished(() => {
      host.closeAllConnections()
      host.close()
    })
    const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
    const { port } = await startProxy({ headTimeoutMs: 2_000, limits: { headMs: 2_000, checkMs: 500 } })
    const counts = ['-c', String(CONNECTIONS), '-r', String(CONNECTIONS), '-i', '1', '-l', '6', '-p', '3']
    const attack = run('slowhttptest', [...options, ...counts, '-u', `${url}/`, '-d', `127.0.0.1:${port}`])
    let isOver = false
    const over = attack.then(({ stdout }) => {
      isOver = true
      return stdout
    })
    let answered = 0
    while (!isOver) {
      const request = `GET ${url}/quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
      expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nquick$/s)
      answered += 1
    }
    const said = await over
    expect(said).not.toMatch(/service available:\s+NO/)
    // Those that never say what they want are sent away; the others are slow, and have a right to be.
    expect(said).toMatch(what === 'heads' ? /No open connections left/ : /Exit status/)
    expect(answered).toBeGreaterThan(3)
  },
  60_000,
)

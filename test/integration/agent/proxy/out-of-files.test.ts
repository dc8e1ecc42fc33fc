import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { isListening, startBridgeProcess } from '../../../support/bridge-process.ts'
import { crowd, sovereignWithFiles } from '../../../support/few-files.ts'
import { freePort } from '../../../support/free-port.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { soon } from '../../../support/soon.ts'
import { startEcho, startWeb } from '../../../support/start-hosts.ts'

const MOST_FILES = 100

test.runIf(process.platform === 'linux')(
  'an agent that has no file descriptor left goes on with what is open, and takes connections again once there are some',
  { timeout: 60_000 },
  async () => {
    const [echo, web, port] = [
      await startEcho(),
      await startWeb((_request, response) => response.end('hello')),
      await freePort(),
    ]
    const allowed = { allowPrivate: ['127.0.0.0/8'], connectPorts: [echo] }
    const bridge = await startBridgeProcess({
      dir: await makeTempDir('few-files-'),
      settings: { agent: { listen: `127.0.0.1:${port}` }, egress: allowed },
      command: sovereignWithFiles(MOST_FILES),
    })
    onTestFinished(async () => void (await bridge.process.stop('SIGKILL')))
    await bridge.state(isListening, 'the proxy to listen')
    const get = `GET http://127.0.0.1:${web}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
    const [tunnel, waiting] = [await openRaw(port), await openRaw(port)]
    tunnel.write(`CONNECT 127.0.0.1:${echo} HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(String((await once(tunnel, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)

    const sockets = crowd(port, 3 * MOST_FILES)
    // Whoever comes once there is none left is sent away.
    await soon(() => expect(sockets.some((socket) => socket.closed)).toBe(true))
    tunnel.write('still here')
    expect(String((await once(tunnel, 'data'))[0])).toBe('still here')
    // It was let in before; to go anywhere would take a file more.
    waiting.write(get)
    expect(String((await once(waiting, 'data'))[0])).toMatch(/^HTTP\/1\.1 502 .*EMFILE/s)
    expect(bridge.process.child.exitCode).toBeNull()

    for (const socket of sockets) socket.destroy()
    await soon(async () => expect(await rawHttp(port, get)).toMatch(/^HTTP\/1\.1 200 .*hello$/s))
    tunnel.destroy()
    expect(await bridge.process.stop()).toBe(0)
    expect(bridge.process.stderr()).not.toMatch(/internal\.bug|Uncaught/)
  },
)

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createUpstreamDispatcher, sendRequest } from '../../../../src/relay/upstreams/http-client.ts'

test.each(['http://', ''])('a proxy is asked whose address begins with %j, as curl does', async (scheme) => {
  const proxy = createServer()
  onTestFinished(() => void proxy.close())
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const { port } = proxy.address() as AddressInfo
  const asked = once(proxy, 'connection').then(async ([socket]) => {
    const [head] = (await once(socket, 'data')) as [Buffer]
    socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
    return head.toString()
  })
  const dispatcher = await createUpstreamDispatcher({ HTTPS_PROXY: `${scheme}127.0.0.1:${port}` })
  onTestFinished(() => dispatcher.destroy())
  const signal = AbortSignal.timeout(10_000)
  await expect(sendRequest('https://api.example', { dispatcher, headers: {}, signal })).rejects.toThrow('502')
  expect(await asked).toMatch(/^CONNECT api\.example:443 /)
})

import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startOwnRelay } from '../../../support/start-own-relay.ts'

const MIB = 1024 * 1024

test('a client that sends on after its upload was refused is not reset, and finds the answer', async () => {
  const relay = await startOwnRelay()
  const socket = connect(relay.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  await once(socket, 'connect')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${relay.port}\r\ncontent-type: application/json\r\ncontent-length: ${1000 * MIB}\r\n\r\n`,
  )
  // The answer is here before the body is: it is left unread while the body goes on.
  await once(socket, 'readable')
  for (let sent = 0; sent < 32 && errors.length === 0; sent++)
    await new Promise<void>((resolve) => socket.write(Buffer.alloc(MIB, 'x'), () => resolve()))
  expect(errors).toEqual([])
  expect(String(socket.read())).toMatch(/^HTTP\/1\.1 413 /)
})

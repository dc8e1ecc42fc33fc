import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An agent that answers each message (without its length) with raw bytes, or hangs up when there are none. */
export async function startFakeAgent(
  teardown: (close: () => Promise<void>) => void,
  answer: (message: Buffer) => Buffer | undefined,
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fake-agent-'))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      const bytes = answer(data.subarray(4))
      if (bytes === undefined) socket.destroy()
      else socket.write(bytes)
    })
  })
  const socketPath = join(dir, 'agent.sock')
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await rm(dir, { recursive: true, force: true })
  })
  return socketPath
}

// "ollama serve" as a program: the stand-in of Ollama at OLLAMA_HOST.
import { existsSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { startFakeOllama } from '../upstreams/fake-ollama.ts'

const behaviour = join(process.env.TOOL_ROOT ?? '', 'behaviour')
const does = existsSync(behaviour) ? readFileSync(behaviour, 'utf8') : 'serves'
if (does === 'exits') process.exit(1)
const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(process.env.OLLAMA_HOST ?? '') ?? []
const fake = await startFakeOllama({ version: does === 'serves' ? '0.33.0' : '0.33.1' })
const inside = Number(new URL(fake.url).port)
createServer((client) => {
  const server = connect(inside, '127.0.0.1')
  client.on('error', () => server.destroy())
  server.on('error', () => client.destroy())
  client.pipe(server).pipe(client)
}).listen(Number(port), does === 'is wide' ? '0.0.0.0' : host)
process.on('SIGTERM', () => process.exit(0))

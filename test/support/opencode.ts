import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BareMachine, makeBareMachine, type Outcome } from './bare-machine.ts'
import { callsToolOnce, type Responder } from './upstreams/reply.ts'

export const OPENCODE = fileURLToPath(new URL('../clients/node_modules/.bin/opencode', import.meta.url))

const FILE = 'written-by-the-model.txt'
const CONTENT = 'through the tunnel'
const FINAL_TEXT = 'The file is written and the conversation is over.'

export interface OpenCodeJourney {
  /** What the set-up script printed. */
  readonly setup: Outcome
  /** What `opencode run` printed. */
  readonly run: Outcome
  readonly saidTheLastWord: boolean
  /** Content of the file that the model had OpenCode write; `undefined` when there is none. */
  readonly file: string | undefined
  /** Files of the machine that hold one of {@link OpenCodeJourneyOptions.secrets}, and printed text that does. */
  readonly leaks: readonly string[]
  /** Hosts on the internet that were asked for; none of them ever answered. */
  readonly internet: readonly string[]
}

export interface OpenCodeJourneyOptions {
  /** Where the machine reaches the relay, such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string
  readonly token?: string
  /** `provider/model`; the configured default when it is left out. */
  readonly model?: string
  /** What must be nowhere on the machine when the conversation is over. */
  readonly secrets?: readonly string[]
}

/** What the upstream has to answer for {@link openCodeJourney}: one call of the shell tool, then a last word. */
export const openCodeResponder: Responder = callsToolOnce(
  'bash',
  { command: `printf '${CONTENT}' > ${FILE}`, description: 'Write a file' },
  FINAL_TEXT,
)

/** What a journey that went well looks like; compare with `toMatchObject`. */
export const GOOD_JOURNEY = {
  setup: { code: 0, stderr: '' },
  run: { code: 0 },
  saidTheLastWord: true,
  file: CONTENT,
  leaks: [],
}

/**
 * A real OpenCode on a machine that has nothing: an empty home, a configuration that only the set-up script made,
 * and an internet that takes connections and never says a word.
 */
export async function openCodeJourney(options: OpenCodeJourneyOptions): Promise<OpenCodeJourney> {
  const machine = await makeBareMachine('ls')
  const internet = await startSilentInternet()
  try {
    return await travel(machine, internet, options)
  } finally {
    await internet.close()
    await machine.remove()
  }
}

const NOT_RUN: Outcome = { code: null, stdout: '', stderr: 'OpenCode was not started: the set-up failed.' }

async function travel(
  machine: BareMachine,
  internet: SilentInternet,
  { baseUrl, token, model, secrets = [] }: OpenCodeJourneyOptions,
): Promise<OpenCodeJourney> {
  const setup = await machine.run(
    `set -o pipefail; curl --noproxy '*' -fsSL ${baseUrl}/setup | bash`,
    token === undefined ? {} : { SOVEREIGN_TOKEN: token },
  )
  await mkdir(join(machine.home, 'project'))
  const modelArgument = model === undefined ? '' : `--model '${model}'`
  // A minute is ten times what it needs; without a limit a hanging OpenCode would outlive the test.
  // Without a configuration OpenCode would look for models on the internet.
  const run =
    setup.code !== 0
      ? NOT_RUN
      : await machine.run(
          `cd project && exec timeout -k 5 60 '${OPENCODE}' run ${modelArgument} 'Write the file.'`,
          { ...internet.env, PATH: `${machine.env.PATH}:/usr/bin:/bin`, SHELL: '/bin/bash' },
        )
  const path = join(machine.home, 'project', FILE)
  const file = existsSync(path) ? await readFile(path, 'utf8') : undefined
  const printed = [setup, run].map(({ stdout, stderr }) => stdout + stderr).join('\n')
  const leaks = [
    ...(await filesWith(machine.home, secrets)),
    ...secrets.filter((secret) => printed.includes(secret)).map(() => 'standard output'),
  ]
  const saidTheLastWord = run.stdout.includes(FINAL_TEXT)
  return { setup, run, saidTheLastWord, file, leaks, internet: internet.asked }
}

async function filesWith(folder: string, secrets: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const contents = await Promise.all(paths.map((path) => readFile(path)))
  return paths.filter((_, index) => secrets.some((secret) => contents[index]?.includes(secret)))
}

interface SilentInternet {
  /** Sends everything but loopback to the silence. */
  readonly env: Readonly<Record<string, string>>
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** A machine without internet whose firewall drops packets: nothing is refused, nothing is answered. */
async function startSilentInternet(): Promise<SilentInternet> {
  const sockets = new Set<Socket>()
  const asked: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', (data) => asked.push(data.toString('latin1').split('\r\n')[0] ?? ''))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const direct = '127.0.0.1,localhost'
  return {
    env: {
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
      NO_PROXY: direct,
      no_proxy: direct,
      npm_config_registry: 'http://registry.invalid/',
    },
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

import { execFile, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { makeTempDir } from '../../../support/make-temp-dir.ts'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { type Sshd, startSshd } from '../../../support/start-sshd.ts'

const run = promisify(execFile)
const startProxyBy = proxyWays()
const FILE = randomBytes(5_000_000)

/** What it says about itself; nothing where there is no such program. */
function helpOf(program: string): string {
  const { stdout, stderr } = spawnSync(program, ['-h'], { encoding: 'utf8' })
  return `${stdout}${stderr}`
}

/** Debian has that of OpenBSD under this name whatever `nc` is. */
const NC = ['nc', 'nc.openbsd'].find((name) => /-X proxy_protocol/.test(helpOf(name)))
const NCAT = ['ncat', 'nc'].find((name) => /--proxy-type/.test(helpOf(name)))

/** As "nc -X connect" does, for machines that have neither. */
const NODE = `
  const [port, target] = process.argv.slice(1)
  const socket = require('node:net').connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('CONNECT ' + target + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
  let head = ''
  const onData = (data) => {
    head += data.toString('latin1')
    const end = head.indexOf('\\r\\n\\r\\n')
    if (end < 0) return
    socket.off('data', onData)
    process.stdout.write(Buffer.from(head.slice(end + 4), 'latin1'))
    socket.pipe(process.stdout)
    process.stdin.pipe(socket)
  }
  socket.on('data', onData)`

/** As docs/tunnel.md has them. */
const PROGRAMS = [
  ['nc of OpenBSD', NC, (port: number) => `${NC} -X connect -x 127.0.0.1:${port} %h %p`],
  ['Ncat', NCAT, (port: number) => `${NCAT} --proxy 127.0.0.1:${port} --proxy-type http %h %p`],
  [
    'a script',
    process.execPath,
    (port: number) =>
      `${process.execPath} -e "eval(atob('${Buffer.from(NODE).toString('base64')}'))" ${port} %h:%p`,
  ],
] as const
const CASES = WAYS.flatMap((way) =>
  PROGRAMS.map(([what, program, command]) => ({ way, what, program, command })),
)

function argsFor(sshd: Sshd, proxyCommand?: string): string[] {
  const options = [
    'BatchMode=yes',
    `UserKnownHostsFile=${sshd.knownHostsFile}`,
    ...(proxyCommand === undefined ? [] : [`ProxyCommand=${proxyCommand}`]),
  ].flatMap((option) => ['-o', option])
  const whom = ['-p', String(sshd.port), '-i', sshd.clientKeyFile, '-l', sshd.userName]
  return ['-F', 'none', ...options, ...whom, sshd.host]
}

interface Transfer {
  /** Digest of what came down, and of what arrived above. */
  readonly down: string
  readonly up: string
  readonly stderr: string
  /** Of a command that fails. */
  readonly code: number | null
}

async function transfer(args: readonly string[], file: string): Promise<Transfer> {
  const down = await run('ssh', [...args, `cat ${file}; echo aside >&2`], {
    encoding: 'buffer',
    maxBuffer: 2 * FILE.length,
  })
  const upload = spawn('ssh', [...args, 'openssl dgst -sha256 -r | cut -c 1-64; exit 7'])
  onTestFinished(() => void upload.kill('SIGKILL'))
  // Should the connection break, it is the digest that shows it.
  upload.stdin.on('error', () => undefined).end(FILE)
  const exited = new Promise<number | null>((resolve) => upload.once('exit', resolve))
  const up = String(await buffer(upload.stdout)).trim()
  const digest = createHash('sha256').update(down.stdout).digest('hex')
  return { down: digest, up, stderr: String(down.stderr), code: await exited }
}

test.for(CASES)(
  'OpenSSH moves the same bytes through the proxy ($way) with $what as ProxyCommand as without',
  async ({ way, what, program, command }, { skip }) => {
    skip(program === undefined, `NOT TESTED: this machine does not have ${what}`)
    const sshd = await startSshd({ teardown: onTestFinished })
    const file = join(await makeTempDir('ssh-file-'), 'file')
    await writeFile(file, FILE)
    const direct = await transfer(argsFor(sshd), file)
    const digest = createHash('sha256').update(FILE).digest('hex')
    expect(direct).toEqual({ down: digest, up: digest, stderr: 'aside\n', code: 7 })
    const { port } = await startProxyBy(way)
    expect(await transfer(argsFor(sshd, command(port)), file)).toEqual(direct)
  },
)

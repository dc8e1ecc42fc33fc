import { execFile, execFileSync, spawn } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { waitUntil } from './start-sshd.ts'

const run = promisify(execFile)

/** An engine of its own that touches no firewall rule and shares no image with the one of the machine. */
export interface Docker {
  /** Runs `docker …` and returns its standard output, trimmed; `logs` with standard error. */
  docker(...args: readonly string[]): Promise<string>
  close(): Promise<void>
}

/** Why no engine can be started here; `undefined` where one can. */
export function dockerObstacle(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it takes root on Linux'
  try {
    execFileSync('sh', ['-c', 'command -v dockerd && command -v docker && command -v containerd'])
    return undefined
  } catch {
    return 'docker is not installed (Debian: apt-get install docker.io)'
  }
}

export async function startDocker(): Promise<Docker> {
  const dir = await mkdtemp(join(tmpdir(), 'docker-'))
  const socket = `unix://${join(dir, 'docker.sock')}`
  const args = ['--iptables=false', '--bridge=none', '--storage-driver=vfs', '-H', socket]
  const folders = [
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
    '--pidfile',
    join(dir, 'pid'),
  ]
  const daemon = spawn('dockerd', [...args, ...folders], { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  daemon.stderr.on('data', (data: Buffer) => {
    log += data.toString()
  })
  const exited = new Promise<void>((resolve) => daemon.once('exit', () => resolve()))
  const docker = async (...words: readonly string[]): Promise<string> => {
    const env = { ...process.env, DOCKER_HOST: socket, DOCKER_BUILDKIT: '0' }
    const { stdout, stderr } = await run('docker', words, { env, maxBuffer: 16 * 1024 * 1024 })
    return (words[0] === 'logs' ? stdout + stderr : stdout).trim()
  }
  const close = async () => {
    daemon.kill('SIGTERM')
    await exited
    await unmountBelow(dir)
    await rm(dir, { recursive: true, force: true })
  }
  if (!(await waitUntil(() => log.includes('API listen on') || daemon.exitCode !== null, 30_000))) {
    await close()
    throw new Error(`dockerd did not start:\n${log.slice(-2000)}`)
  }
  if (daemon.exitCode !== null) throw new Error(`dockerd ended:\n${log.slice(-2000)}`)
  return { docker, close }
}

/** The engine leaves the network of the host mounted that a container had with it. */
async function unmountBelow(dir: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const places = mounts.split('\n').flatMap((line) => line.split(' ')[1] ?? [])
  for (const place of places.filter((path) => path.startsWith(`${dir}/`)).toReversed())
    await run('umount', [place])
}

/** A base image without any registry: this Node with the libraries it is linked to, and nothing else. */
export async function importNodeImage({ docker }: Docker, name: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'image-'))
  try {
    // It becomes the root folder of the image, which the ordinary user in there has to pass.
    await chmod(root, 0o755)
    const put = async (from: string, to: string) => {
      await mkdir(dirname(join(root, to)), { recursive: true })
      await copyFile(from, join(root, to))
    }
    await put(process.execPath, '/usr/bin/node')
    const linked = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+(?= \()/g) ?? []
    for (const library of linked) await put(library, library)
    await mkdir(join(root, 'tmp'))
    // What is mounted there takes over the rights of the folder.
    await chmod(join(root, 'tmp'), 0o1777)
    const archive = join(root, '..', `${name}-${process.pid}.tar`)
    await run('tar', ['-cf', archive, '-C', root, '.'])
    try {
      await docker('import', '--change', 'ENV PATH=/usr/bin', archive, name)
    } finally {
      await rm(archive, { force: true })
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

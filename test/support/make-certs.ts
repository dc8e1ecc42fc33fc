import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type IssueWish, issueCertificate } from '../../src/node/pki/issue.ts'
import { makeAuthority } from '../../src/node/pki/make-authority.ts'

const run = promisify(execFile)

/** An authority of our own in a temporary folder, with whatever the test issues from it. */
export interface OwnCerts {
  readonly dir: string
  readonly ca: string
  readonly crl: string
  issue(name: string, wish?: Partial<IssueWish>, now?: number): Promise<{ cert: string; key: string }>
}

/** A folder that is gone after the test. */
export async function makeTemporary(teardown: (close: () => Promise<void>) => void): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'certs-'))
  teardown(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function makeOwnCerts(
  teardown: (close: () => Promise<void>) => void,
  now = Date.now(),
): Promise<OwnCerts> {
  const dir = join(await makeTemporary(teardown), 'ca')
  await makeAuthority(dir, now)
  return {
    dir,
    ca: join(dir, 'ca.pem'),
    crl: join(dir, 'crl.pem'),
    issue: async (name, wish = {}, at = now) => {
      const all: IssueWish = { name, kind: 'agent', days: 90, extraNames: [], ...wish }
      return (await issueCertificate(dir, all, at)).files
    },
  }
}

/** Standard output and standard error of the real openssl; also where it fails. */
export async function openssl(...args: string[]): Promise<{ readonly code: number; readonly text: string }> {
  try {
    const { stdout, stderr } = await run('openssl', args)
    return { code: 0, text: stdout + stderr }
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string }
    return { code: typeof code === 'number' ? code : -1, text: stdout + stderr }
  }
}

export async function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8')
}

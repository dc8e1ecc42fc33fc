import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const DAY_MS = 86_400_000

export interface Certificate {
  /** PEM files. */
  readonly cert: string
  readonly key: string
}

export interface CertificateWish {
  /** As OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string
  readonly commonName?: string
  /** From now; negative is past. */
  readonly days?: number
}

export interface Authority {
  readonly dir: string
  /** PEM file. */
  readonly ca: string
  caText(): Promise<string>
  make(wish?: CertificateWish): Promise<Certificate>
}

let serial = 1

/** A certificate authority with throw-away keys, made by the openssl of this machine. */
export async function startAuthority(teardown: (close: () => Promise<void>) => void): Promise<Authority> {
  const dir = await mkdtemp(join(tmpdir(), 'ca-'))
  teardown(() => rm(dir, { recursive: true, force: true }))
  const ca = join(dir, 'ca.pem')
  const caKey = join(dir, 'ca.key')
  await run('openssl', [
    ...['req', '-x509', ...CURVE, '-keyout', caKey, '-out', ca, '-days', '3650'],
    ...['-subj', '/CN=Throw-away authority'],
  ])
  const make = async (wish: CertificateWish = {}): Promise<Certificate> => {
    const id = serial++
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
      join(dir, `${id}.${end}`),
    )
    if (cert === undefined || key === undefined || request === undefined || extensions === undefined)
      throw new Error('No names for the files.')
    const { commonName = 'test', days = 365, names = 'DNS:localhost,IP:127.0.0.1' } = wish
    await run('openssl', ['req', ...CURVE, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`])
    await writeFile(extensions, names === '' ? '' : `subjectAltName=${names}\n`)
    const until = new Date(Date.now() + days * DAY_MS)
    const from = new Date(Math.min(Date.now(), until.getTime()) - DAY_MS)
    await signWith(dir, { ca, caKey, request, extensions, cert, from, until, id })
    await chmod(key, 0o600)
    return { cert, key }
  }
  return { dir, ca, caText: () => readFile(ca, 'utf8'), make }
}

interface Signing {
  readonly ca: string
  readonly caKey: string
  readonly request: string
  readonly extensions: string
  readonly cert: string
  readonly from: Date
  readonly until: Date
  readonly id: number
}

/** `openssl ca` and not `openssl x509`: only it takes dates in the past in every version of OpenSSL 3. */
async function signWith(dir: string, signing: Signing): Promise<void> {
  const { ca, caKey, cert, extensions, from, id, request, until } = signing
  const database = join(dir, `${id}.db`)
  const config = join(dir, `${id}.cnf`)
  await writeFile(database, '')
  await writeFile(
    config,
    [
      ...['[ca]', 'default_ca = it', '[it]', `database = ${database}`, `new_certs_dir = ${dir}`],
      ...['rand_serial = yes', 'default_md = sha256', 'policy = any', 'unique_subject = no'],
      ...['[any]', 'commonName = optional', ''],
    ].join('\n'),
  )
  await run('openssl', [
    ...['ca', '-batch', '-notext', '-config', config, '-cert', ca, '-keyfile', caKey],
    ...['-in', request, '-out', cert, '-extfile', extensions],
    ...['-startdate', stamp(from), '-enddate', stamp(until)],
  ])
}

/** `20260102030405Z` */
function stamp(date: Date): string {
  return `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
}

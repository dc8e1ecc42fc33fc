import { dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { defaultSettingsPath } from '../../main/settings/settings-path.ts'
import { authorityFolder } from '../../node/pki/folder.ts'
import { type CertificateKind, DEFAULT_SERVER_NAME } from '../../node/pki/names.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import {
  detailsText,
  exportedText,
  issuedText,
  listText,
  madeText,
  overviewText,
  renewedText,
  requestText,
  revokedText,
  type Say,
} from '../certs-text.ts'
import { ownName } from '../own-name.ts'

interface FolderOption {
  readonly dir?: string
}

interface KindOptions extends FolderOption {
  readonly agent?: boolean
  readonly server?: boolean
}

interface IssueOptions extends KindOptions {
  readonly days: number
  readonly san: readonly string[]
  readonly request?: string
}

interface RenewOptions extends FolderOption {
  readonly days?: number
  readonly request?: string
}

/** `sovereign certs …`: the certificates of the tunnel and who makes them; failures are thrown as AppError. */
export function certsCommand(): Command {
  const command = new Command('certs').description(
    'make the certificates of the mTLS tunnel, and revoke them',
  )
  withDir(command.command('init')).description('make a certificate authority').action(init)
  withDir(command.command('issue'))
    .argument('[name]', `name of the machine; a server is called ${DEFAULT_SERVER_NAME} unless told`)
    .option('--agent', 'for a machine that uses the tunnel')
    .option('--server', 'for the tunnel server')
    .option('--days <days>', 'how long it is valid', daysOption, 90)
    .option('--san <name>', 'a further host name or address; may be given again', oneMore, [])
    .option('--request <file>', 'for the key of that request, which stays where it is; an agent unless told')
    .description('make a key and a certificate for a server or an agent')
    .action(issue)
  command
    .command('request')
    .argument('[name]', `name of this machine; a server is called ${DEFAULT_SERVER_NAME} unless told`)
    .option('--agent', 'for a machine that uses the tunnel, as it is unless told')
    .option('--server', 'for the tunnel server')
    .option('--dir <folder>', 'folder for the two files instead of this one')
    .description('make a key that stays on this machine, and a request for its certificate')
    .action(request)
  withDir(command.command('renew'))
    .argument('<name>')
    .option('--days <days>', 'how long it is valid; as long as the last one unless told', daysOption)
    .option('--request <file>', 'for the key of that request, which stays where it is')
    .description('make a new key and certificate for a name')
    .action(renew)
  withDir(command.command('revoke'))
    .argument('<name>')
    .description('refuse every certificate of a name from now on')
    .action(revoke)
  withDir(command.command('crl'))
    .description('write the revocation list anew, so that it stays valid')
    .action(crl)
  withDir(command.command('export'))
    .argument('<name>')
    .requiredOption('--to <folder>', 'where to')
    .description('copy the files that a server or an agent needs into a folder')
    .action(exportTo)
  withDir(command.command('show'))
    .argument('[name]')
    .option('--json', 'for machines')
    .description('show what was issued, and what ends soon')
    .action(show)
  return command
}

// What signs is read when it is needed: the library takes as long to load as all other commands together.

async function init(options: FolderOption): Promise<void> {
  const { makeAuthority } = await import('../../node/pki/make-authority.ts')
  const dir = folderOf(options)
  const { facts } = await makeAuthority(dir, Date.now())
  console.log(madeText(dir, facts, sayer(options)))
}

async function issue(name: string | undefined, options: IssueOptions): Promise<void> {
  const { days, san: extraNames } = options
  const { issueCertificate } = await import('../../node/pki/issue.ts')
  const issued = await issueCertificate(
    folderOf(options),
    { ...(await whoFor(name, options)), days, extraNames },
    Date.now(),
  )
  console.log(issuedText(issued, sayer(options)))
}

async function whoFor(name: string | undefined, { request: file, ...options }: IssueOptions) {
  if (file === undefined) {
    const kind = kindOf(options)
    return { name: nameFor(kind, name), kind }
  }
  const kind = kindOf(options, 'agent')
  const { nameOfRequest, readRequest } = await import('../../node/pki/request.ts')
  const request = await readRequest(resolve(file))
  return { name: nameOfRequest(request, name), kind, request }
}

async function request(name: string | undefined, options: KindOptions): Promise<void> {
  const kind = kindOf(options, 'agent')
  const { makeRequestFiles } = await import('../../node/pki/request.ts')
  const wish = { name: nameFor(kind, name, 'request laptop'), kind }
  console.log(requestText(await makeRequestFiles(resolve(options.dir ?? '.'), wish), kind, ownName()))
}

async function renew(name: string, options: RenewOptions): Promise<void> {
  const { days, request: file } = options
  const { renewCertificate } = await import('../../node/pki/issue.ts')
  const { nameOfRequest, readRequest } = await import('../../node/pki/request.ts')
  const made = file === undefined ? undefined : await readRequest(resolve(file))
  if (made !== undefined) nameOfRequest(made, name)
  const renewed = await renewCertificate(folderOf(options), { name, days, request: made }, Date.now())
  console.log(renewedText(renewed, sayer(options)))
}

async function revoke(name: string, options: FolderOption): Promise<void> {
  const { revokeName } = await import('../../node/pki/revoke.ts')
  const dir = folderOf(options)
  console.log(revokedText(name, await revokeName(dir, name, Date.now()), authorityFolder(dir).crl))
}

async function crl(options: FolderOption): Promise<void> {
  const { renewRevocationList } = await import('../../node/pki/revoke.ts')
  const dir = folderOf(options)
  console.log(listText(await renewRevocationList(dir, Date.now()), authorityFolder(dir).crl))
}

async function exportTo(name: string, options: FolderOption & { readonly to: string }): Promise<void> {
  const { exportFiles } = await import('../../node/pki/export-files.ts')
  const to = resolve(options.to)
  console.log(exportedText(name, await exportFiles(folderOf(options), { name, to }, Date.now()), to))
}

async function show(
  name: string | undefined,
  options: FolderOption & { readonly json?: boolean },
): Promise<void> {
  const { overviewJson, overviewOf, rowOfName } = await import('../../node/pki/overview.ts')
  const now = Date.now()
  const overview = await overviewOf(folderOf(options), now)
  if (options.json === true) console.log(JSON.stringify(overviewJson(overview, name)))
  else if (name === undefined) console.log(overviewText(overview, now, sayer(options)))
  else console.log(detailsText(rowOfName(overview, name)))
}

function withDir(command: Command): Command {
  return command.option('--dir <folder>', 'folder of the authority instead of the one beside the settings')
}

function folderOf({ dir }: FolderOption): string {
  return dir === undefined ? join(dirname(defaultSettingsPath(process.env)), 'certs') : resolve(dir)
}

/** With the folder that was named, so that the line can be typed as it is. */
function sayer({ dir }: FolderOption): Say {
  const where = dir === undefined ? '' : ` --dir ${/^[\w./~:@+-]+$/.test(dir) ? dir : JSON.stringify(dir)}`
  return (command) => `${ownName()} certs ${command}${where}`
}

function kindOf({ agent = false, server = false }: KindOptions, usual?: CertificateKind): CertificateKind {
  if (agent !== server) return agent ? 'agent' : 'server'
  if (!agent && usual !== undefined) return usual
  throw new AppError(
    'certs.request-invalid',
    agent ? 'A certificate is for an agent or for a server, not for both.' : 'It was not said who it is for.',
    { remedy: 'Say --agent for a machine that uses the tunnel, or --server for the tunnel server.' },
  )
}

function nameFor(kind: CertificateKind, name: string | undefined, example = 'issue laptop --agent'): string {
  if (name !== undefined) return name
  if (kind === 'server') return DEFAULT_SERVER_NAME
  throw new AppError('certs.request-invalid', 'The agent has no name.', {
    remedy: `Name it: "sovereign certs ${example}".`,
  })
}

function daysOption(text: string): number {
  return /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
}

function oneMore(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part.trim() !== '')]
}

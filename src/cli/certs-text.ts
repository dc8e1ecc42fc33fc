import { type CertificateFacts, expiryWarning, isoDate } from '../node/pki/expiry.ts'
import type { Exported } from '../node/pki/export-files.ts'
import type { Issued, Renewed } from '../node/pki/issue.ts'
import type { RevocationList } from '../node/pki/make-certificate.ts'
import { aKind, type CertificateKind, DEFAULT_SERVER_NAME } from '../node/pki/names.ts'
import { type Overview, type OverviewRow, rowState } from '../node/pki/overview.ts'
import type { RequestFiles } from '../node/pki/request.ts'
import type { Revoked } from '../node/pki/revoke.ts'
import { textTable } from './text-table.ts'

/** Writes a command as it has to be typed here: `certs show` becomes `npx sovereign certs show --dir ./x`. */
export type Say = (command: string) => string

export function madeText(dir: string, facts: CertificateFacts, say: Say): string {
  const steps = [
    [say('issue --server'), 'for the tunnel server'],
    [say('issue laptop --agent'), 'for each machine that uses it, by its name'],
  ] as const
  return [
    `A certificate authority is in ${dir}, until ${isoDate(facts.notAfter)}.`,
    'Whoever has its ca.key can let anybody in: keep it here, and a copy of the folder in a safe place.',
    '',
    'Next:',
    ...aligned(steps),
  ].join('\n')
}

export function issuedText({ facts, files, identity, isKeyElsewhere, kind, name }: Issued, say: Say): string {
  return [
    `${name} has a certificate as ${aKind(kind)}, ${untilText(facts)}.`,
    ...aligned([
      ['identity', identity],
      ['files', filesText(files, isKeyElsewhere)],
    ]),
    ...serverNameHint(kind, name),
    '',
    `${isKeyElsewhere ? BRING_BACK : 'To hand it over'}: ${say(`export ${name} --to FOLDER`)}`,
  ].join('\n')
}

const BRING_BACK = 'To have cert.pem, ca.pem and crl.pem in one folder, to bring back to the key'

function filesText({ dir }: Issued['files'], isKeyElsewhere: boolean): string {
  return isKeyElsewhere
    ? `cert.pem in ${dir}; the key stays where the request was made`
    : `cert.pem and key.pem in ${dir}`
}

export function requestText({ csr, key, name }: RequestFiles, kind: CertificateKind, own: string): string {
  const server = kind === 'server' ? ' --server' : ''
  return [
    `${key} is the private key of ${name}: it stays on this machine, for this user alone.`,
    `${csr} is the request for its certificate; nothing in it is secret.`,
    '',
    `Next, with ${name}.csr on the machine of the authority: ${own} certs issue --request ${name}.csr${server}`,
  ].join('\n')
}

export function renewedText({ before, facts, isKeyElsewhere, kind, name }: Renewed, say: Say): string {
  return [
    `${name} has a new ${isKeyElsewhere ? '' : 'key and '}certificate as ${aKind(kind)}, ${untilText(facts)}.`,
    before.state === 'expired'
      ? 'The one before has ended, so hand this one over:'
      : `The one before works until ${isoDate(before.notAfter)}; hand this one over until then:`,
    `  ${say(`export ${name} --to FOLDER`)}`,
  ].join('\n')
}

export function revokedText(name: string, { count, kind }: Revoked, crl: string): string {
  const first =
    count === 0
      ? `${name} was revoked before; the list is written anew.`
      : `${name} is revoked${count === 1 ? '' : `, with all ${count} certificates that it got`}.`
  const then =
    kind === 'agent'
      ? 'Servers refuse it as soon as they have the new list'
      : 'Agents refuse it, and cut it where they are connected, once they have the new list, which "crl" of "egress.mtls" has to name ' +
        'in their settings; those without one trust it until it ends. Servers with that list do not start with it'
  return `${first}\n${then}: ${crl}`
}

export function listText({ nextUpdate, number, revoked }: RevocationList, crl: string): string {
  return `List ${number} names ${certificates(revoked.length)} and is good until ${isoDate(nextUpdate)}.\nHand it to every server, and to every agent whose settings name one: ${crl}`
}

export function exportedText(name: string, { key, kind }: Exported, to: string): string {
  const settings =
    kind === 'agent'
      ? 'In the settings of the agent, "ca", "cert", "key" and "crl" of "egress.mtls" name them. The list is to be handed over ' +
        'again whenever a server is revoked, and before it ends.'
      : 'The list is to be handed over again whenever a certificate is revoked.'
  if (key === undefined)
    return [
      `What ${name} needs beside its key is in ${to}: ca.pem, cert.pem and crl.pem. None of them is secret.`,
      'Bring them to the machine where the request was made.',
      settings,
    ].join('\n')
  return [
    `What ${name} needs is in ${to}: ca.pem, cert.pem, key.pem and crl.pem.`,
    'Bring it there on a way that nobody else reads, such as scp, and delete it here.',
    settings,
  ].join('\n')
}

export function overviewText({ authority, list, rows }: Overview, now: number, say: Say): string {
  const { facts, folder } = authority
  const listEnd = `${list.nextUpdate < now ? 'ran out on' : 'good until'} ${isoDate(list.nextUpdate)}`
  const head = [
    `${facts.commonName ?? 'Authority'} in ${folder.dir}, until ${isoDate(facts.notAfter)}`,
    `Revocation list ${list.number}: ${certificates(list.revoked.length)}, ${listEnd}`,
    ...authorityWarning(facts),
    '',
  ]
  if (rows.length === 0) return [...head, `Nothing was issued yet: ${say('issue laptop --agent')}`].join('\n')
  return [...head, table(rows), ...warnings({ authority, list, rows }, now, say)].join('\n')
}

function authorityWarning(facts: CertificateFacts): string[] {
  const warning = expiryWarning('The authority', facts)
  return warning === undefined ? [] : [`${warning} Make another in a new folder, and issue from it.`]
}

function table(rows: readonly OverviewRow[]): string {
  return textTable(
    [
      { title: 'NAME', text: ({ name }) => name },
      { title: 'KIND', text: ({ kind }) => kind },
      { title: 'IDENTITY', text: ({ identity }) => identity },
      { title: 'VALID UNTIL', text: ({ facts }) => isoDate(facts.notAfter) },
      { title: 'DAYS', align: 'right', text: ({ facts }) => String(Math.max(0, facts.daysLeft)) },
      { title: 'STATE', text: rowState },
    ],
    rows,
  )
}

const LIST_WARN_MS = 30 * 86_400_000

function warnings({ authority, list, rows }: Overview, now: number, say: Say): string[] {
  const due = rows.filter(
    ({ facts, fault, revokedAt }) =>
      revokedAt === undefined &&
      (facts.state === 'ends-soon' || facts.state === 'expired' || fault !== undefined),
  )
  const lines = due.map(
    ({ isKeyElsewhere, name }) => `  ${say(`renew ${name}${isKeyElsewhere ? ' --request FILE' : ''}`)}`,
  )
  const isListDue = list.nextUpdate - now < LIST_WARN_MS && list.nextUpdate < authority.facts.notAfter
  if (isListDue) lines.push(`  ${say('crl')}`)
  return lines.length === 0 ? [] : ['', 'To do:', ...lines]
}

export function detailsText({ facts, files, identity, kind, name, ...rest }: OverviewRow): string {
  const others = facts.names.filter(({ value }) => value !== identity).map(({ value }) => value)
  return [
    `${name}, ${aKind(kind)}: ${rowState({ facts, files, identity, kind, name, ...rest })}`,
    ...aligned([
      ['identity', identity],
      ['names', others.join(', ')],
      ['valid', `${isoDate(facts.notBefore)} to ${isoDate(facts.notAfter)}${leftText(facts)}`],
      ['serial', facts.serial],
      ['SHA-256', facts.fingerprint],
      ['files', filesText(files, rest.isKeyElsewhere)],
    ]),
  ].join('\n')
}

function untilText({ daysLeft, notAfter }: CertificateFacts): string {
  return `until ${isoDate(notAfter)} (${daysLeft} ${daysLeft === 1 ? 'day' : 'days'})`
}

function leftText({ daysLeft, state }: CertificateFacts): string {
  if (state === 'expired' || state === 'not-yet') return ''
  return `, ${daysLeft} ${daysLeft === 1 ? 'day' : 'days'} left`
}

/** Agents expect the usual name of the server unless they are told. */
function serverNameHint(kind: Issued['kind'], name: string): string[] {
  if (kind === 'agent' || name === DEFAULT_SERVER_NAME) return []
  return aligned([['agents', `need "serverName": "${name}" in "egress.mtls" of their settings`]])
}

function certificates(count: number): string {
  if (count === 0) return 'no certificate'
  return `${count} ${count === 1 ? 'certificate' : 'certificates'}`
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(8, ...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`)
}

/** A fingerprint as ssh-keygen prints it: the name of the hash, and the rest in groups that an eye can hold. */
export interface FingerprintParts {
  readonly hash: string
  readonly groups: readonly string[]
}

const GROUP_LENGTH = 4

export function fingerprintParts(fingerprint: string): FingerprintParts {
  const colon = fingerprint.indexOf(':')
  const hash = colon < 0 ? '' : fingerprint.slice(0, colon + 1)
  const groups = fingerprint.slice(hash.length).match(new RegExp(`.{1,${GROUP_LENGTH}}`, 'gsu')) ?? []
  return { hash, groups }
}

const FINGERPRINT = /SHA256:[A-Za-z0-9+/]{43}=?/g

/** All fingerprints in a text, in order, each once. */
export function fingerprintsIn(text: string): string[] {
  return [...new Set((text.match(FINGERPRINT) ?? []).map(bare))]
}

export type Comparison = 'none' | 'same' | 'different'

/** @param typed what a person copied from the host: the whole line of ssh-keygen, or the fingerprint alone. */
export function compareFingerprint(typed: string, fingerprint: string): Comparison {
  const text = typed.trim()
  if (text === '') return 'none'
  const wanted = bare(fingerprint)
  const found = fingerprintsIn(text)
  if (found.length > 0) return found.includes(wanted) ? 'same' : 'different'
  const joined = bare(text.replace(/\s+/g, ''))
  return joined === wanted || `SHA256:${joined}` === wanted ? 'same' : 'different'
}

function bare(fingerprint: string): string {
  return fingerprint.replace(/=+$/, '')
}

/** What to run on the host to see the same fingerprint. */
export function showKeyCommand(keyType: string): string {
  const name = FILES.find(({ type }) => type.test(keyType))?.name
  return name === undefined
    ? 'for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -l -f "$f"; done'
    : `ssh-keygen -l -f /etc/ssh/ssh_host_${name}_key.pub`
}

const FILES = [
  { type: /^ssh-ed25519$/, name: 'ed25519' },
  { type: /^ecdsa-sha2-/, name: 'ecdsa' },
  { type: /^(?:ssh-rsa|rsa-sha2-(?:256|512))$/, name: 'rsa' },
] as const

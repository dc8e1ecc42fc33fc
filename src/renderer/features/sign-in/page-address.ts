/** A page to be opened in the browser, as it really is: host names with look-alike letters show as `xn--…`. */
export interface PageAddress {
  readonly href: string
  readonly host: string
}

/** GitHub, and GitHub Enterprise Cloud with data residency, which is where codes are typed. */
export function githubPage(address: string): PageAddress | undefined {
  return pageAt(address, (host) => host === 'github.com' || host.endsWith('.ghe.com'))
}

export function openrouterPage(address: string): PageAddress | undefined {
  return pageAt(address, (host) => host === 'openrouter.ai')
}

/** A relay says where to go; it could be lying. */
function pageAt(address: string, isKnown: (host: string) => boolean): PageAddress | undefined {
  if (!URL.canParse(address)) return undefined
  const { protocol, hostname, port, username, password, href } = new URL(address)
  const isPlain = protocol === 'https:' && port === '' && username === '' && password === ''
  return isPlain && isKnown(hostname) ? { href, host: hostname } : undefined
}

/** `14:05`; never below zero. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

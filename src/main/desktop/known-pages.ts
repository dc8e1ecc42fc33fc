/** Where our own words, GitHub's sign-in and the upstreams' settings send people. */
const HOSTS = ['github.com', 'docs.github.com', 'openrouter.ai', 'ollama.com']
/** GitHub Enterprise Cloud with data residency: https://docs.github.com/enterprise-cloud@latest/admin/data-residency */
const HOST_ENDINGS = ['.ghe.com']

/** A page that may be opened in the browser, whatever a relay or a page says. */
export function isKnownPage(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname, port, username, password } = new URL(address)
  const isPlain = port === '' && username === '' && password === ''
  const isKnown = HOSTS.includes(hostname) || HOST_ENDINGS.some((ending) => hostname.endsWith(ending))
  return protocol === 'https:' && isPlain && isKnown
}

import type { IncomingHttpHeaders } from 'node:http'

type Env = Readonly<Record<string, string | undefined>>

/** The proxy that programs are told to use for this URL, without its password; undefined where they go straight. */
export function proxyFor(url: URL, env: Env): { readonly name: string; readonly proxy: string } | undefined {
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
  const name = [...names, 'all_proxy', 'ALL_PROXY'].find((one) => (env[one] ?? '') !== '')
  if (name === undefined || isLeftOut(url, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined
  return { name, proxy: placeOf(env[name] ?? '') }
}

function placeOf(proxy: string): string {
  return proxy
    .replace(/^[a-z0-9+.-]+:\/\//i, '')
    .replace(/^[^@/]*@/, '')
    .replace(/\/.*$/, '')
}

/** The forms on which curl, Go and Python agree. */
function isLeftOut({ hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? []
      const bare = (entry.includes('::') ? entry.toLowerCase() : name).replace(/^\*?\./, '')
      if (entry === '*') return true
      if (only !== undefined && !entry.includes('::') && only !== port) return false
      return host === bare || host.endsWith(`.${bare}`) || isInNet(host, bare)
    })
}

function isInNet(host: string, net: string): boolean {
  const [base = '', bits] = net.split('/')
  if (bits === undefined || !/^\d+(?:\.\d+){3}$/.test(base) || !/^\d+(?:\.\d+){3}$/.test(host)) return false
  const number = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - Number(bits))
  return Math.floor(number(base) / size) === Math.floor(number(host) / size)
}

/** Whether an answer bears the marks of a proxy that clients are sent to, not of one that stands before a server. */
export function isProxyAnswer(status: number, headers: IncomingHttpHeaders): boolean {
  if (status === 407 || headers['x-squid-error'] !== undefined || headers['proxy-agent'] !== undefined)
    return true
  return (
    status >= 400 && /squid|tinyproxy|privoxy|zscaler|blue ?coat|mcafee/i.test(String(headers.server ?? ''))
  )
}

import ipaddr from 'ipaddr.js'

/**
 * A PAC file that sends browsers through the proxy, except to this machine itself and to the hosts of the bypass list.
 * Without the proxy they go nowhere: that it can be relied upon is the point of it.
 *
 * @param proxy `host:port` of the proxy. @param bypass host patterns and networks of the settings.
 */
export function pacFile(proxy: string, bypass: readonly string[]): string {
  const tests = bypass.map(testOf).filter((test) => test !== undefined)
  return `function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/\\.$/, '').replace(/^\\[|\\]$/g, '')
  var isIpv4 = /^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host)
  if (host === 'localhost' || /\\.localhost$/.test(host) || host === '::1' || (isIpv4 && /^127\\./.test(host)))
    return 'DIRECT'
${tests.map((test) => `  if (${test}) return 'DIRECT'\n`).join('')}  if (!/^(https?|wss?):/i.test(url)) return 'DIRECT'
  return 'PROXY ${proxy}'
}
`
}

function testOf(pattern: string): string | undefined {
  const bare = pattern
    .replace(/^\[|\](?=\/|$)/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  if (bare === '*') return 'true'
  if (bare.startsWith('*.')) return `host.slice(-${bare.length - 1}) === ${JSON.stringify(bare.slice(1))}`
  const [address = '', bits] = bare.split('/')
  if (bits === undefined) return `host === ${JSON.stringify(bare)}`
  // isInNet would look names up, which tells the resolver of every host; and it knows IPv4 only.
  if (!ipaddr.IPv4.isValidFourPartDecimal(address)) return undefined
  const mask = ipaddr.IPv4.subnetMaskFromPrefixLength(Math.min(32, Number(bits)))
  return `isIpv4 && isInNet(host, ${JSON.stringify(address)}, ${JSON.stringify(mask.toString())})`
}

import ipaddr from 'ipaddr.js'

/**
 * A PAC file that sends browsers through the proxy, except to this machine itself and to the hosts of the bypass list.
 * Without the proxy they go nowhere: that it can be relied upon is the point of it.
 *
 * @param proxy `host:port` of the proxy. @param bypass host patterns and networks of the settings.
 */
export function pacFile(proxy: string, bypass: readonly string[]): string {
  const tests = bypass.map(testOf)
  const helper = tests.some((test) => test.startsWith('isIn6(')) ? IS_IN_6 : ''
  return `${helper}function FindProxyForURL(url, host) {
  host = host.toLowerCase().replace(/\\.$/, '').replace(/^\\[|\\]$/g, '')
  var isIpv4 = /^\\d+\\.\\d+\\.\\d+\\.\\d+$/.test(host)
  if (host === 'localhost' || /\\.localhost$/.test(host) || host === '::1' || (isIpv4 && /^127\\./.test(host)))
    return 'DIRECT'
${tests.map((test) => `  if (${test}) return 'DIRECT'\n`).join('')}  if (!/^(https?|wss?):/i.test(url)) return 'DIRECT'
  return 'PROXY ${proxy}'
}
`
}

/** PAC knows networks of IPv4 only. Both are texts of bits; ES5, as some systems run it with old engines. */
const IS_IN_6 = `function isIn6(host, prefix) {
  var bits = bitsOf6(host)
  return bits !== '' && bits.slice(0, prefix.length) === prefix
}
function bitsOf6(host) {
  if (host.indexOf(':') < 0) return ''
  host = host.replace(/%.*$/, '')
  var v4 = /^(.*:)(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)$/.exec(host)
  if (v4) host = v4[1] + (v4[2] * 256 + +v4[3]).toString(16) + ':' + (v4[4] * 256 + +v4[5]).toString(16)
  var halves = host.split('::')
  var head = halves[0] === '' ? [] : halves[0].split(':')
  var tail = halves.length < 2 || halves[1] === '' ? [] : halves[1].split(':')
  while (halves.length === 2 && head.length + tail.length < 8) head.push('0')
  var groups = head.concat(tail)
  var bits = ''
  for (var i = 0; i < groups.length; i++)
    bits += ('000000000000000' + parseInt(groups[i], 16).toString(2)).slice(-16)
  return groups.length === 8 ? bits : ''
}
`

function testOf(pattern: string): string {
  const bare = pattern
    .replace(/^\[|\](?=\/|$)/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  if (bare === '*') return 'true'
  if (bare.startsWith('*.')) return `host.slice(-${bare.length - 1}) === ${JSON.stringify(bare.slice(1))}`
  const [address = '', bits] = bare.split('/')
  if (bits === undefined) return `host === ${JSON.stringify(bare)}`
  // isInNet would look names up, which tells the resolver of every host; and it knows IPv4 only.
  if (ipaddr.IPv6.isValid(address)) return `isIn6(host, ${JSON.stringify(bitsOf(address, Number(bits)))})`
  const mask = ipaddr.IPv4.subnetMaskFromPrefixLength(Math.min(32, Number(bits)))
  return `isIpv4 && isInNet(host, ${JSON.stringify(address)}, ${JSON.stringify(mask.toString())})`
}

/** The bits of an IPv6 network, as a text of as many. */
function bitsOf(address: string, count: number): string {
  const { parts } = ipaddr.IPv6.parse(address)
  return parts
    .map((part) => part.toString(2).padStart(16, '0'))
    .join('')
    .slice(0, count)
}

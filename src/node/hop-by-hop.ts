/**
 * Header fields of one connection, in lower case, whatever Connection names besides (RFC 9110 §7.6.1, §11.7, and
 * Proxy-Connection, which no standard has). Transfer-Encoding is one too, but whoever passes bodies on as they are
 * passes it on with them.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'],
])

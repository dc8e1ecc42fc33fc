import type { DialTarget } from './serve-context.ts'

/** `host:port` with brackets around an IPv6 address, as in RFC 9110 §7.2; undefined for anything else. */
export function parseAuthority(text: string, defaultPort?: number): DialTarget | undefined {
  const [, address, name, portText] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = address ?? name
  const port = portText === undefined ? defaultPort : Number(portText)
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined
  return { host, port }
}

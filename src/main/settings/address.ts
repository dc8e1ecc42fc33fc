import type { ListenAddress } from '../../shared/state/bridge-state.ts'

/** Reads what the settings schema has already checked: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `unix:/x.sock`. */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix:')) return { kind: 'socket', path: text.slice('unix:'.length) }
  const colon = text.lastIndexOf(':')
  return {
    kind: 'tcp',
    host: text.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(text.slice(colon + 1)),
  }
}

export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'socket') return `unix:${address.path}`
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
}

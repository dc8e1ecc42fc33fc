const ADDRESS = /^(https?):\/\/([^/?#\\]*)([^?#\\]*)(.*)$/i
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^\s:[\]@]+)(?::(\d{1,5}))?$/i

/** Why nobody can mean this as the address of an Ollama; undefined where somebody can. */
export function ollamaUrlMistake(text: string): string | undefined {
  const [, scheme = '', authority = '', path = '', rest = ''] = ADDRESS.exec(text) ?? []
  if (authority.includes('@')) return 'must not hold a password: Ollama asks for none'
  const [, host, port] = AUTHORITY.exec(authority) ?? []
  if (host === undefined || /\s/.test(path) || Number(port ?? 0) > 65_535)
    return 'has to be an address such as http://192.168.250.20:11434'
  if (rest !== '') return 'must not hold a query or a fragment'
  if (/\/(?:v1|api)\/*$/.test(path)) return 'has to end before /v1 and /api, which are put behind it'
  // Ollama itself reads it so too: https://github.com/ollama/ollama/blob/main/envconfig/config.go (Host)
  if (scheme.toLowerCase() === 'http' && port === undefined)
    return `needs a port: without one it means port 80. Ollama usually has 11434: http://${host}:11434`
  return undefined
}

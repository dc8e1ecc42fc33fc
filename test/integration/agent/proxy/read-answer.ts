const ABOUT_CONNECTION = /^(?:connection|keep-alive|transfer-encoding|date):/i

/** So long that what was written before is read by itself. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export interface Answer {
  readonly told: readonly string[]
  readonly bytes: number
}

/** A reset may take away what came before it. */
export const CUT = ['cut']

/** @returns undefined while there is more to come. */
export function readAnswer(text: string, isHead: boolean, isClosed: boolean): Answer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return isClosed && text !== '' ? { told: CUT, bytes: text.length } : undefined
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n')
  const start = headEnd + 4
  const told = [line, ...fields.filter((field) => !ABOUT_CONNECTION.test(field))]
  if (/^HTTP\/1\.1 1/.test(line)) return { told, bytes: start }
  const textOf = (name: string): string | undefined =>
    fields
      .find((field) => field.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim()
  const length = textOf('content-length')
  if (isHead || / (?:204|304) /.test(line)) return { told, bytes: start }
  if (textOf('transfer-encoding') === 'chunked') {
    let body = ''
    let at = start
    for (;;) {
      const lineEnd = text.indexOf('\r\n', at)
      const size = lineEnd < 0 ? Number.NaN : Number.parseInt(text.slice(at, lineEnd), 16)
      // Behind the last chunk come the trailers.
      const trailersEnd = text.indexOf('\r\n\r\n', lineEnd)
      const next = size === 0 ? trailersEnd + 4 : lineEnd + 2 + size + 2
      if (Number.isNaN(size) || next > text.length || (size === 0 && trailersEnd < 0))
        return isClosed ? { told: CUT, bytes: text.length } : undefined
      if (size === 0) return { told: [...told, body + text.slice(lineEnd, trailersEnd)], bytes: next }
      body += text.slice(lineEnd + 2, next - 2)
      at = next
    }
  }
  const end = length === undefined ? text.length : start + Number(length)
  if (text.length >= end && (length !== undefined || isClosed))
    return { told: [...told, text.slice(start, end)], bytes: end }
  return isClosed ? { told: CUT, bytes: text.length } : undefined
}

const REFUSED = /^X-Bridge-Error: (?:proxy\.|egress\.denied)/m

/** The proxy's own words may differ, what they are about may not. */
export function essence(told: readonly string[]): readonly string[] {
  const code = told.find((part) => part.startsWith('X-Bridge-Error: '))
  if (code === undefined) return told
  return REFUSED.test(code) ? ['refused'] : [told[0] ?? '', code]
}

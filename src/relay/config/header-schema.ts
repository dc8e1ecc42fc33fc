import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'

/** They say how a request travels, which only whoever sends it can know. */
const OF_THE_CONNECTION = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Names and values of headers. What Node or the client library would refuse in every single request is refused here. */
export const headersSchema = z.record(z.string(), z.string()).superRefine((all, { addIssue }) => {
  for (const [name, value] of Object.entries(all)) {
    const message = headerMistake(name, value)
    if (message !== undefined) addIssue({ code: 'custom', path: [name], message })
  }
})

function headerMistake(name: string, value: string): string | undefined {
  try {
    validateHeaderName(name)
  } catch {
    return 'no header can have this name'
  }
  if (OF_THE_CONNECTION.includes(name.toLowerCase())) return 'this header is for the relay alone to set'
  try {
    validateHeaderValue(name, value)
  } catch {
    return 'no header can have this value'
  }
}

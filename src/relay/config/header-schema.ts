import { validateHeaderName, validateHeaderValue } from 'node:http'
import { z } from 'zod'

/** Names and values of headers. What Node would refuse in every single request is refused here. */
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
  try {
    validateHeaderValue(name, value)
  } catch {
    return 'no header can have this value'
  }
}

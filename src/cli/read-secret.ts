import { createInterface } from 'node:readline/promises'
import { PassThrough } from 'node:stream'
import { AppError } from '../shared/errors/app-error.ts'

/** Reads one line that nobody else should see: typed without echo, or from a pipe. Never from the arguments. */
export async function readSecret(question: string): Promise<string> {
  const isTyped = process.stdin.isTTY
  if (isTyped) process.stderr.write(`${question}: `)
  // A terminal that writes what is typed to a stream that nobody reads.
  const reader = createInterface({ input: process.stdin, output: new PassThrough(), terminal: isTyped })
  try {
    for await (const line of reader) if (line.trim() !== '') return line.trim()
  } finally {
    reader.close()
    if (isTyped) process.stderr.write('\n')
  }
  throw new AppError('prompt.cancelled', 'Nothing was entered.', { remedy: 'Run the command again.' })
}

/** Asks for one of the offered keys. */
export async function readChoice(question: string, keys: readonly string[]): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = (await reader.question(question)).trim()
    if (keys.includes(answer)) return answer
  } finally {
    reader.close()
  }
  throw new AppError('prompt.cancelled', 'None of the offered answers was given.', {
    remedy: 'Run the command again.',
  })
}

/** Reads one line that everybody may see. */
export async function readLine(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await reader.question(question)).trim()
  } finally {
    reader.close()
  }
}

import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import { AppError } from '../shared/errors/app-error.ts'
import type { Asker } from './answer-prompt.ts'

/** The person at this terminal. Ctrl-C and Ctrl-D reject with `prompt.cancelled`. */
export const TERMINAL: Asker = {
  tell: (text) => void process.stderr.write(`${text}\n`),
  ask(question, { isHidden }) {
    if (isHidden) process.stderr.write(question)
    // Hidden input is echoed to a stream that nobody reads.
    const output = isHidden ? new PassThrough().resume() : process.stderr
    const reader = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    reader.on('close', () => reject(new AppError('prompt.cancelled', 'Nothing was entered.')))
    reader.question(isHidden ? '' : question, (answer) => {
      resolve(answer)
      reader.close()
    })
    return promise.finally(() => {
      if (isHidden) process.stderr.write('\n')
    })
  },
}

import type { PullLine } from '../shared/protocol/ollama-admin.ts'
import { byteCount } from '../shared/util/amounts.ts'
import { plainText, truncate } from './terminal-text.ts'

/** Of a terminal that does not say. */
const COLUMNS = 80

/** What is written to; a terminal or a file. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** One line that moves on a terminal; elsewhere a line for every step, and for every tenth of a download. */
export class PullProgress {
  private readonly output: ProgressOutput
  private step = ''
  private tenth = -1
  private isOpen = false

  constructor(output: ProgressOutput) {
    this.output = output
  }

  show(line: PullLine): void {
    const text = plainText(progressText(line))
    if (text === '') return
    if (this.output.isTTY === true) {
      this.output.write(`\r\u001b[2K${truncate(text, (this.output.columns || COLUMNS) - 1)}`)
      this.isOpen = true
    } else if (this.isWorthALine(line)) this.output.write(`${text}\n`)
  }

  /** Leaves the cursor on a line of its own. */
  close(): void {
    if (this.isOpen) this.output.write('\n')
    this.isOpen = false
  }

  private isWorthALine({ status = '', completed, total }: PullLine): boolean {
    const tenth = total ? Math.floor((10 * (completed ?? 0)) / total) : 0
    const isNew = status !== this.step || tenth > this.tenth
    this.step = status
    this.tenth = tenth
    return isNew
  }
}

/** `pulling ab12ab12ab12  2.4 GiB of 4.9 GiB  50 %`. */
export function progressText({ status = '', completed, total }: PullLine): string {
  if (!total) return status
  const done = Math.min(completed ?? 0, total)
  return `${status}  ${byteCount(done)} of ${byteCount(total)}  ${Math.floor((100 * done) / total)} %`
}

import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { AppError } from '../shared/errors/app-error.ts'

/**
 * A QR code in the characters of a terminal, drawn by qrencode. What it says goes in by its standard input, so it stands
 * in no list of processes.
 *
 * @throws AppError `perimeter.no-qr`
 */
export async function drawQr(content: string, program = 'qrencode'): Promise<string> {
  const child = spawn(program, ['--type', 'ansiutf8'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // Where it does not start, or leaves early, "ended" says so.
  child.stdin.on('error', () => {})
  child.stdin.end(content)
  try {
    const [drawing, status] = await Promise.all([text(child.stdout), ended])
    if (status === 0) return drawing.trimEnd()
    throw new AppError('perimeter.no-qr', `${program} draws no QR code (status ${status}).`)
  } catch (error) {
    if (error instanceof AppError) throw error
    const reason = (error as NodeJS.ErrnoException).code
    const what = reason === 'ENOENT' ? 'is not installed' : `cannot be run (${reason})`
    throw new AppError('perimeter.no-qr', `${program} ${what}, so there is no QR code.`, { cause: error })
  }
}

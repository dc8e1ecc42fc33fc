import { appendFileSync, mkdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'

/** The piece that is written to, and those before it: `bridge.log`, `bridge.log.1` to `bridge.log.3`. */
const PIECES = 4

/**
 * A file for lines that go on for months: it is put aside whenever it has a fourth of what is to be kept, and the
 * oldest of what was put aside goes. A disk that takes nothing costs lines and nothing else.
 */
export class RotatingFile {
  readonly path: string
  private keepBytes: number
  private size: number

  constructor(path: string, keepBytes: number) {
    this.path = path
    this.keepBytes = keepBytes
    this.size = sizeOf(path)
    this.trim()
  }

  /** How much all pieces have together at the most, from now on. */
  keep(bytes: number): void {
    this.keepBytes = bytes
    this.trim()
  }

  write(line: string): void {
    try {
      const bytes = Buffer.byteLength(line)
      if (this.size > 0 && this.size + bytes > this.pieceBytes) this.beginAnew(bytes)
      this.append(line)
      this.size += bytes
    } catch {
      // A full disk must not end the program, and there is nowhere else to say it.
    }
  }

  private get pieceBytes(): number {
    return this.keepBytes / PIECES
  }

  private append(line: string): void {
    try {
      appendFileSync(this.path, line, { mode: 0o600 })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
      appendFileSync(this.path, line, { mode: 0o600 })
    }
  }

  private beginAnew(bytes: number): void {
    // Somebody may have emptied or deleted it meanwhile.
    this.size = sizeOf(this.path)
    if (this.size === 0 || this.size + bytes <= this.pieceBytes) return
    try {
      for (let age = PIECES - 1; age > 0; age -= 1)
        if (sizeOf(this.aged(age - 1)) > 0) renameSync(this.aged(age - 1), this.aged(age))
      this.size = 0
    } catch {
      // On Windows a program that has it open may be in the way; the next line tries again, up to a limit.
      if (this.size < 2 * this.pieceBytes) return
      truncateSync(this.path)
      this.size = 0
    }
    this.trim()
  }

  /** Less may be kept now than when the pieces were written. */
  private trim(): void {
    let total = this.pieceBytes
    for (let age = 1; age < PIECES; age += 1) {
      total += sizeOf(this.aged(age))
      if (total > this.keepBytes) remove(this.aged(age))
    }
  }

  private aged(age: number): string {
    return age === 0 ? this.path : `${this.path}.${age}`
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It is in use, or no file at all; the next time may do.
  }
}

/** Of what is not there, nothing. */
function sizeOf(path: string): number {
  try {
    return statSync(path, { throwIfNoEntry: false })?.size ?? 0
  } catch {
    return 0
  }
}

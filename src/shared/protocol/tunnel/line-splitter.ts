const NEWLINE = 0x0a

/**
 * Cuts bytes into lines, wherever the pieces begin and end. It looks at bytes: in UTF-8 a newline is never part of
 * another character, so each line can be decoded by itself. Holds at most one line that has not ended.
 */
export class LineSplitter {
  private readonly maxBytes: number
  private pieces: Uint8Array[] = []
  private heldBytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** @returns the lines that ended, without their ends and without empty ones; `too-long` when one is. */
  push(bytes: Uint8Array): Uint8Array[] | 'too-long' {
    const lines: Uint8Array[] = []
    let start = 0
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start)
      const piece = bytes.subarray(start, end < 0 ? bytes.length : end)
      if (this.heldBytes + piece.length > this.maxBytes) return 'too-long'
      if (end < 0) {
        this.hold(piece)
        return lines
      }
      const line = this.complete(piece)
      if (line.length > 0) lines.push(line)
      start = end + 1
    }
  }

  private hold(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.pieces.push(piece)
    this.heldBytes += piece.length
  }

  private complete(last: Uint8Array): Uint8Array {
    if (this.heldBytes === 0) return last
    const line = new Uint8Array(this.heldBytes + last.length)
    let at = 0
    for (const piece of [...this.pieces, last]) {
      line.set(piece, at)
      at += piece.length
    }
    this.pieces = []
    this.heldBytes = 0
    return line
  }
}

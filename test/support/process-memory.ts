import { open, readFile } from 'node:fs/promises'

const PIECE_BYTES = 8 * 1024 * 1024

/** Which of these texts stand in the memory that a child process may write to. Linux only. */
export async function bytesInMemory(pid: number, texts: readonly string[]): Promise<boolean[]> {
  const seen = texts.map(() => false)
  // A piece that overlaps the one before it cannot miss a text that lies across the border.
  const overlap = Math.max(...texts.map((text) => text.length))
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1')
  const memory = await open(`/proc/${pid}/mem`)
  try {
    for (const line of maps.split('\n')) {
      const [, from = '0', to = '0'] = /^([\da-f]+)-([\da-f]+) rw/.exec(line) ?? []
      const end = Number.parseInt(to, 16)
      for (let at = Number.parseInt(from, 16); at < end; at += PIECE_BYTES - overlap) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, end - at))
        // Some mappings are there by name only, or are gone by now.
        const { bytesRead } = await memory.read(piece, 0, piece.length, at).catch(() => ({ bytesRead: 0 }))
        const read = piece.subarray(0, bytesRead)
        for (const [index, text] of texts.entries()) seen[index] ||= read.includes(text)
      }
    }
  } finally {
    await memory.close()
  }
  return seen
}

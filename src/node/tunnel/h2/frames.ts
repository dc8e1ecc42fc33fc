import { FLAG, FRAME, HEADER_BYTES } from './codes.ts'

/** The nine octets before a payload (RFC 9113 §4.1). */
export function writeHead(
  to: Buffer,
  at: number,
  head: { readonly length: number; readonly type: number; readonly flags: number; readonly id: number },
): void {
  to.writeUIntBE(head.length, at, 3)
  to[at + 3] = head.type
  to[at + 4] = head.flags
  to.writeUInt32BE(head.id, at + 5)
}

export function frameOf(type: number, flags: number, id: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  writeHead(frame, 0, { length: payload.length, type, flags, id })
  frame.set(payload, HEADER_BYTES)
  return frame
}

export function numberFrame(type: number, id: number, value: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + 4)
  writeHead(frame, 0, { length: 4, type, flags: 0, id })
  frame.writeUInt32BE(value, HEADER_BYTES)
  return frame
}

/** RFC 9113 §6.5. */
export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6)
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * 6)
    payload.writeUInt32BE(value, index * 6 + 2)
  }
  return frameOf(FRAME.settings, 0, 0, payload)
}

export function goawayFrame(lastId: number, code: number, words: Uint8Array): Buffer {
  const payload = Buffer.alloc(8 + words.length)
  payload.writeUInt32BE(lastId, 0)
  payload.writeUInt32BE(code, 4)
  payload.set(words, 8)
  return frameOf(FRAME.goaway, 0, 0, payload)
}

/** In pieces that the other side takes (RFC 9113 §6.2 and §6.10). */
export function headersFrames(id: number, block: Buffer, maxBytes: number, endStream: boolean): Buffer {
  const frames: Buffer[] = []
  let at = 0
  do {
    const piece = block.subarray(at, at + maxBytes)
    const flags =
      (at + piece.length === block.length ? FLAG.endHeaders : 0) |
      (at === 0 && endStream ? FLAG.endStream : 0)
    frames.push(frameOf(at === 0 ? FRAME.headers : FRAME.continuation, flags, id, piece))
    at += piece.length
  } while (at < block.length)
  return Buffer.concat(frames)
}

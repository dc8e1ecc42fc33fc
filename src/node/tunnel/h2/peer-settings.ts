import { CODE, DEFAULT_FRAME_SIZE, DEFAULT_WINDOW, H2Error, MAX_WINDOW, SETTING } from './codes.ts'

const ENTRY_BYTES = 6

/** What the other side has said of itself (RFC 9113 §6.5.2). */
export interface PeerSettings {
  readonly maxConcurrentStreams: number
  readonly initialWindowSize: number
  readonly maxFrameSize: number
  readonly enableConnectProtocol: boolean
}

export const FIRST_SETTINGS: PeerSettings = {
  maxConcurrentStreams: Number.POSITIVE_INFINITY,
  initialWindowSize: DEFAULT_WINDOW,
  maxFrameSize: DEFAULT_FRAME_SIZE,
  enableConnectProtocol: false,
}

/** What a SETTINGS frame makes of them. What is not known is ignored. @throws H2Error */
export function readSettings(payload: Buffer, before: PeerSettings): PeerSettings {
  if (payload.length % ENTRY_BYTES !== 0) throw new H2Error(CODE.frameSizeError, 'settings of a wrong length')
  let settings = before
  for (let at = 0; at < payload.length; at += ENTRY_BYTES) {
    const value = payload.readUInt32BE(at + 2)
    switch (payload.readUInt16BE(at)) {
      case SETTING.enablePush:
        if (value > 1) throw wrong('ENABLE_PUSH')
        break
      case SETTING.maxConcurrentStreams:
        settings = { ...settings, maxConcurrentStreams: value }
        break
      case SETTING.initialWindowSize:
        if (value > MAX_WINDOW) throw new H2Error(CODE.flowControlError, 'a window that is too large')
        settings = { ...settings, initialWindowSize: value }
        break
      case SETTING.maxFrameSize:
        if (value < DEFAULT_FRAME_SIZE || value > 2 ** 24 - 1) throw wrong('MAX_FRAME_SIZE')
        settings = { ...settings, maxFrameSize: value }
        break
      case SETTING.enableConnectProtocol:
        if (value > 1 || (value === 0 && settings.enableConnectProtocol))
          throw wrong('ENABLE_CONNECT_PROTOCOL')
        settings = { ...settings, enableConnectProtocol: value === 1 }
        break
    }
  }
  return settings
}

function wrong(name: string): H2Error {
  return new H2Error(CODE.protocolError, `a value of ${name} that is not allowed`)
}

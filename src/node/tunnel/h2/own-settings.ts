import { DEFAULT_WINDOW, FRAME, PREFACE, SETTING } from './codes.ts'
import { numberFrame, settingsFrame } from './frames.ts'

/** What this side lets the other one do, in bytes where nothing else is said. */
export interface OwnSettings {
  readonly isServer: boolean
  readonly streamWindow: number
  readonly connectionWindow: number
  /** That the other side may have open. */
  readonly maxStreams: number
  readonly maxHeaderListSize: number
}

/** Of the payload of a frame that comes. */
export const MAX_FRAME_BYTES = 256 * 1024

/** What a connection begins with (RFC 9113 §3.4). */
export function firstFrames(settings: OwnSettings): Buffer[] {
  const { connectionWindow, isServer, maxHeaderListSize, maxStreams, streamWindow } = settings
  return [
    ...(isServer ? [] : [PREFACE]),
    settingsFrame([
      [SETTING.headerTableSize, 0],
      isServer ? [SETTING.enableConnectProtocol, 1] : [SETTING.enablePush, 0],
      [SETTING.maxConcurrentStreams, maxStreams],
      [SETTING.initialWindowSize, streamWindow],
      [SETTING.maxFrameSize, MAX_FRAME_BYTES],
      [SETTING.maxHeaderListSize, maxHeaderListSize],
    ]),
    numberFrame(FRAME.windowUpdate, 0, connectionWindow - DEFAULT_WINDOW),
  ]
}

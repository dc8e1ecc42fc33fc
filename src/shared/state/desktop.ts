/** The desktop around the bridge; `none` for a bridge without a display. */
export type DesktopState = { readonly kind: 'none' } | DesktopFacts

export interface DesktopFacts {
  readonly kind: 'desktop'
  readonly platform: 'darwin' | 'win32' | 'linux'
  /** `undefined` where this computer offers no such switch. */
  readonly startsAtLogin: boolean | undefined
  /** False on desktops that show no tray icons, where the window is the only face. */
  readonly hasTray: boolean
  readonly update: UpdateState
}

/** An update is downloaded only when asked for, and never installed while somebody streams. */
export type UpdateState =
  /** `reason` in words: a checkout, or an install that its package manager updates. */
  | { readonly kind: 'unsupported'; readonly reason: string }
  | { readonly kind: 'none'; readonly checkedAt: number | undefined }
  | { readonly kind: 'available'; readonly version: string }
  | { readonly kind: 'downloading'; readonly version: string; readonly share: number }
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly at: number }

import { oneLine } from './one-line.ts'

export type TrayAction =
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  /** @param target `relay`, `agent` or `tunnel`; everything that waits unless told. */
  | { readonly kind: 'retry'; readonly target?: string }
  | { readonly kind: 'probe-ollama' }
  | { readonly kind: 'set-vpn'; readonly to: 'up' | 'down' }
  | { readonly kind: 'open-dashboard' }
  /** @param route where in the dashboard's window, such as `#/settings`. */
  | { readonly kind: 'open-view'; readonly route: string }
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'answer'; readonly promptId: string }
  | { readonly kind: 'use-other-port'; readonly target: string; readonly port: number }
  | { readonly kind: 'enable-client'; readonly name: string; readonly enabled: boolean }
  | { readonly kind: 'enable-relay'; readonly enabled: boolean }
  | { readonly kind: 'use-egress'; readonly use: 'direct' | 'mtls' }
  | { readonly kind: 'tunnel-awake'; readonly awake: boolean }
  | { readonly kind: 'use-profile'; readonly name: string }
  | { readonly kind: 'start-at-login'; readonly enabled: boolean }
  | { readonly kind: 'connect-at-start'; readonly enabled: boolean }
  | { readonly kind: 'copy'; readonly text: string }
  | { readonly kind: 'check-for-update' }
  | { readonly kind: 'install-update' }
  | { readonly kind: 'quit' }

export type MenuLineModel =
  | { readonly kind: 'separator' }
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'action'; readonly label: string; readonly action: TrayAction }
  | {
      /** Of neighbouring `radio` lines one is checked. */
      readonly kind: 'check' | 'radio'
      readonly label: string
      readonly checked: boolean
      readonly action: TrayAction
    }

/** One level of submenus and no more: GNOME shows none that are nested. */
export type MenuItemModel =
  | MenuLineModel
  | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly MenuLineModel[] }

const SEPARATOR: MenuLineModel = { kind: 'separator' }

export function text(label: string): MenuLineModel {
  return { kind: 'text', label: oneLine(label) }
}

export function action(label: string, what: TrayAction): MenuLineModel {
  return { kind: 'action', label: oneLine(label), action: what }
}

export function check(label: string, checked: boolean, what: TrayAction): MenuLineModel {
  return { kind: 'check', label: oneLine(label), checked, action: what }
}

export function radio(label: string, checked: boolean, what: TrayAction): MenuLineModel {
  return { kind: 'radio', label: oneLine(label), checked, action: what }
}

/** Puts a line between groups that have something in them. */
export function separated<Item extends MenuItemModel>(
  groups: readonly (readonly Item[])[],
): (Item | MenuLineModel)[] {
  return groups
    .filter((group) => group.length > 0)
    .flatMap((group, index): (Item | MenuLineModel)[] => (index === 0 ? [...group] : [SEPARATOR, ...group]))
}

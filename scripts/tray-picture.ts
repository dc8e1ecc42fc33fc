import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MenuItemConstructorOptions } from 'electron'
import { iconFile } from '../src/main/desktop/icon-file.ts'
import { trayModel } from '../src/main/desktop/tray-menu.ts'
import { trayTemplate } from '../src/main/desktop/tray-template.ts'
import type { TrayScene } from './scenes/tray.ts'

const ICONS = fileURLToPath(new URL('../assets/tray', import.meta.url))

/** A page with the icon in a panel and the menu below it, from the very template that Electron gets. */
export function trayPicture({ state, extras, open }: TrayScene): string {
  const { hasBadge, icon, items, tooltip } = trayModel(state, extras)
  const file = iconFile(icon, hasBadge, 'linux').replace(/\.png$/, '@2x.png')
  const image = `data:image/png;base64,${readFileSync(join(ICONS, file)).toString('base64')}`
  const menu = menuHtml(
    trayTemplate(items, () => undefined),
    open,
  )
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
<div class="panel"><img src="${image}" alt=""><span>${escaped(tooltip)}</span></div><main>${menu}</main>`
}

function menuHtml(items: readonly MenuItemConstructorOptions[], open: string | undefined): string {
  return `<div class="menu">${items.map((item) => lineHtml(item, open)).join('')}</div>`
}

function lineHtml(item: MenuItemConstructorOptions, open: string | undefined): string {
  if (item.type === 'separator') return '<hr>'
  const label = escaped((item.label ?? '').replaceAll('&&', '&'))
  const isOpen = open !== undefined && item.label?.startsWith(open) === true
  const submenu = isOpen && Array.isArray(item.submenu) ? menuHtml(item.submenu, undefined) : ''
  const classes = ['line', item.enabled === false ? 'off' : [], isOpen ? 'open' : []].flat().join(' ')
  const arrow = item.submenu === undefined ? '' : '<b>›</b>'
  return `<div class="${classes}"><i>${tick(item)}</i><span>${label}</span>${arrow}${submenu}</div>`
}

function tick({ checked, type }: MenuItemConstructorOptions): string {
  if (type === 'radio') return checked === true ? '●' : '○'
  if (type !== 'checkbox') return ''
  return checked === true ? '✓' : '<em></em>'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

const STYLE = `
:root { color-scheme: light dark; --back: #dfe3ea; --panel: #f4f5f7; --menu: #fff; --ink: #1c1f26; --dim: #6a7180;
  --line: #e2e5ea; --hover: #e8edf7; --edge: #c5cad4 }
@media (prefers-color-scheme: dark) { :root { --back: #0e1014; --panel: #23262d; --menu: #2b2f37; --ink: #eceef2;
  --dim: #9aa1af; --line: #3d424c; --hover: #3b424f; --edge: #454b57 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 13px/1.45 system-ui, 'Noto Sans', sans-serif }
main { width: max-content; padding: 6px 24px 24px }
.panel { display: flex; gap: 10px; align-items: center; padding: 5px 28px;
  background: var(--panel); color: var(--dim); font-size: 12px }
.panel img { width: 24px; height: 24px; flex: none }
.panel span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.menu { width: max-content; min-width: 260px; padding: 5px; background: var(--menu);
  border: 1px solid var(--edge); border-radius: 8px; box-shadow: 0 8px 24px #0003 }
.line { position: relative; display: flex; align-items: center; height: 24px;
  padding: 0 10px 0 4px; border-radius: 5px; white-space: nowrap }
.line i { flex: none; width: 24px; text-align: center; font-style: normal; font-size: 12px }
.line em { display: inline-block; width: 9px; height: 9px; border: 1px solid var(--dim); border-radius: 2px }
.line b { margin-left: auto; padding-left: 24px; font-weight: 400; color: var(--dim) }
.line.off { color: var(--dim) }
.line.open { background: var(--hover) }
.line .menu { position: absolute; left: calc(100% + 4px); top: -6px; z-index: 1 }
hr { margin: 5px 8px; border: 0; border-top: 1px solid var(--line) }
`

import { crossing, exposer, preloadModule, withoutPopups } from './page-worlds.ts'
import { decode, encode } from './wire.ts'

/** Names that a page can neither guess nor list. */
export interface SecretNames {
  readonly toPage: string
  readonly toPreload: string
}

export const PRELOAD_WORLD = 'preload'
/** The function by which the preload's world talks to the main process; it exists in no other world. */
export const IPC_BINDING = 'standInIpc'

const PARTS = `const codec = { encode: ${encode}, decode: ${decode} }
const crossing = ${crossing}`

export function pageSource({ toPage, toPreload }: SecretNames): string {
  return `(() => {
if (window !== window.top) return
${PARTS}
const exposer = ${exposer}
;(${withoutPopups})(window)
crossing(codec, globalThis, ['${toPage}', '${toPreload}'], exposer(globalThis))
})()`
}

/** Electron runs the preload in the main frame alone, wrapped in a function. */
export function preloadSource({ toPage, toPreload }: SecretNames, preload: string): string {
  return `(() => {
if (window !== window.top) return
${PARTS}
const preloadModule = ${preloadModule}
const way = crossing(codec, globalThis, ['${toPreload}', '${toPage}'], () => undefined)
const { electron, deliver } = preloadModule(codec, way, globalThis.${IPC_BINDING})
globalThis.standInDeliver = deliver
const load = (name) => {
  if (name === 'electron') return electron
  throw new Error('module not found: ' + name)
}
const own = { exports: {} }
;((require, module, exports) => {
${preload}
})(load, own, own.exports)
})()`
}

import type { Perimeter } from '../file/schema.ts'
import { renderLinuxRouter } from './linux/linux-router.ts'
import { renderOpenWrt } from './openwrt/openwrt.ts'
import type { Rendering } from './rendering.ts'
import { renderServer } from './server/server.ts'

/** All that the router needs, for the system that it has. */
export function renderRouter(perimeter: Perimeter): Rendering {
  return perimeter.router.system === 'linux' ? renderLinuxRouter(perimeter) : renderOpenWrt(perimeter)
}

export function renderMachine(machine: Rendering['machine'], perimeter: Perimeter): Rendering {
  return machine === 'router' ? renderRouter(perimeter) : renderServer(perimeter)
}

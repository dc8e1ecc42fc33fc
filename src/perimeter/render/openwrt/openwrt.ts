import type { Perimeter } from '../../file/schema.ts'
import type { Rendering } from '../rendering.ts'

export function renderOpenWrt(_perimeter: Perimeter): Rendering {
  return { machine: 'router', files: [], activate: [] }
}

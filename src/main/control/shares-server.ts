import { isDeepStrictEqual } from 'node:util'
import type { ControlSettings, MtlsSettings } from '../../shared/settings/egress.ts'

/** Whether what starts and stops the server stays as it is, whatever else changes. */
export function keepsServer(before: MtlsSettings, after: MtlsSettings): boolean {
  if (before.control === undefined && after.control === undefined) return true
  return isDeepStrictEqual(before.control, after.control) && before.server === after.server
}

/** Whether stopping the server of the one would take it from the other, or both would want one port. */
export function sharesServer({ control: one }: MtlsSettings, { control: other }: MtlsSettings): boolean {
  return one !== undefined && other !== undefined && whatIsStopped(one) === whatIsStopped(other)
}

function whatIsStopped(control: ControlSettings): string {
  switch (control.kind) {
    case 'aws':
      return control.kill
    case 'webhook':
      return control.url
    case 'wake-on-lan':
      return control.mac.toLowerCase().replaceAll('-', ':')
    // Nobody knows which ports a program takes.
    case 'process':
      return control.kind
  }
}

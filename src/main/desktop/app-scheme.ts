import { protocol, type Session } from 'electron'
import type { DashboardFiles } from '../api/dashboard-files.ts'
import { PAGE_HEADERS } from '../api/dashboard-pages.ts'
import { APP_ORIGIN, APP_SCHEME } from './app-origin.ts'
import { words } from './words/words.ts'

/** Has to be called before Electron is ready. */
export function claimAppScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: APP_SCHEME, privileges: { standard: true, secure: true } }])
}

/** Serves the windows from memory, with the same headers as the dashboard in a browser. */
export function servePages(session: Pick<Session, 'protocol'>, files: DashboardFiles | undefined): void {
  session.protocol.handle(APP_SCHEME, ({ url }) => {
    const { protocol: scheme, host, pathname } = new URL(url)
    const found = `${scheme}//${host}` === APP_ORIGIN ? files?.get(pathname) : undefined
    if (found === undefined) return new Response(words.boxes.noPage, { status: 404 })
    return new Response(found.text, { headers: { ...PAGE_HEADERS, 'content-type': found.type } })
  })
}

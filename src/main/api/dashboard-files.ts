import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** One file of the built renderer, ready to be sent. */
export interface DashboardFile {
  readonly type: string
  readonly text: string
  readonly etag: string
}

/** By path on the server. `npm run build` puts the texts into the single-file bundle. */
export type DashboardFiles = ReadonlyMap<string, DashboardFile>

/** @returns undefined in a checkout where the renderer has not been built. */
export function readDashboardFiles(): DashboardFiles | undefined {
  try {
    return new Map([
      [
        '/',
        file(
          'text/html',
          readFileSync(new URL('../../../dist/renderer/index.html', import.meta.url), 'utf8'),
        ),
      ],
      [
        '/app.js',
        file(
          'text/javascript',
          readFileSync(new URL('../../../dist/renderer/app.js', import.meta.url), 'utf8'),
        ),
      ],
      [
        '/app.css',
        file('text/css', readFileSync(new URL('../../../dist/renderer/app.css', import.meta.url), 'utf8')),
      ],
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function file(type: string, text: string): DashboardFile {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  return { type: `${type}; charset=utf-8`, text, etag }
}

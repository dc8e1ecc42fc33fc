import { readFile } from 'node:fs/promises'
import { getNodeValue } from 'jsonc-parser'
import { columnAt, lineAt, offsetOf, parseJsonc, repeatedKeys } from '../../node/jsonc-text.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { explainIssues } from '../../shared/settings/explain.ts'
import { formatPath, type Mistake } from '../../shared/settings/mistake.ts'
import { crossCheck } from './cross-checks.ts'
import { perimeterJsonSchema } from './json-schema.ts'
import { type Perimeter, perimeterSchema } from './schema.ts'

/** As many as fit on a screen; the rest is counted. */
const MOST_MISTAKES_LISTED = 20

/** @throws AppError `perimeter.unreadable`, or `perimeter.invalid` with every mistake and its line and column. */
export async function readPerimeter(path: string): Promise<Perimeter> {
  return parsePerimeter(await readPerimeterText(path), path)
}

/** @throws AppError `perimeter.unreadable` */
export async function readPerimeterText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    const what =
      reason === 'ENOENT'
        ? 'does not exist'
        : reason === 'EISDIR'
          ? 'is a folder; the perimeter has to be a file'
          : `cannot be read (${reason})`
    throw new AppError('perimeter.unreadable', `${path} ${what}.`, { cause: error })
  }
}

/** @param name how messages call the file. @throws AppError `perimeter.invalid` */
export function parsePerimeter(source: string, name: string): Perimeter {
  // A byte order mark is what some Windows editors put in front.
  const text = source.replace(/^\uFEFF/, '')
  const parsed = parseJsonc(text)
  if ('flaw' in parsed) {
    const { offset, words } = parsed
    throw new AppError(
      'perimeter.invalid',
      offset === undefined ? `${name} ${words}.` : at(name, text, offset, words),
    )
  }
  const { root } = parsed
  const value: unknown = getNodeValue(root)
  const result = perimeterSchema.safeParse(value)
  const found: (Mistake & { readonly offset?: number })[] = [
    ...repeatedKeys(text, root, []),
    ...(result.success
      ? crossCheck(result.data)
      : explainIssues(result.error.issues, value, perimeterJsonSchema())),
  ]
  if (result.success && found.length === 0) return result.data
  throw invalid(
    name,
    text,
    found.map((one) => ({ ...one, offset: one.offset ?? offsetOf(root, one) })),
  )
}

type Placed = Mistake & { readonly offset: number }

function invalid(name: string, text: string, mistakes: readonly Placed[]): AppError {
  const lines = mistakes
    .toSorted((a, b) => a.offset - b.offset)
    .map(({ offset, path, text: words }) =>
      at(name, text, offset, path.length === 0 ? words : `${formatPath(path)}: ${words}`),
    )
  const more = lines.length - MOST_MISTAKES_LISTED
  return new AppError(
    'perimeter.invalid',
    [...lines.slice(0, MOST_MISTAKES_LISTED), ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
  )
}

/** As compilers write it, so that editors and terminals make a link of it. */
function at(name: string, text: string, offset: number, words: string): string {
  return `${name}:${lineAt(text, offset)}:${columnAt(text, offset)}: ${words}`
}

import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  type ParseError,
  parse,
  printParseErrorCode,
} from 'jsonc-parser'
import { AppError } from '../../shared/errors/app-error.ts'

const BYTE_ORDER_MARK = '\uFEFF'

export type JsonObject = { readonly [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON file with comments that is edited in place: what is not touched stays as it is, byte for byte. */
export class JsoncDocument {
  private readonly mark: string
  private readonly format: FormattingOptions
  private text: string
  /** What `text` says; renewed by every edit. */
  private value: JsonObject

  /** @throws AppError `setup.config-invalid` with line and column when the text is no JSON object. */
  constructor(source: string) {
    this.mark = source.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : ''
    this.text = source.slice(this.mark.length)
    if (this.text.trim() === '') this.text = '{}\n'
    this.format = {
      eol: this.text.includes('\r\n') ? '\r\n' : '\n',
      ...indentationOf(this.text),
    }
    this.value = checkObject(this.text)
  }

  get root(): JsonObject {
    return this.value
  }

  toString(): string {
    return this.mark + this.text
  }

  get(path: JSONPath): unknown {
    return path.reduce<unknown>(
      (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
      this.root,
    )
  }

  set(path: JSONPath, value: unknown): void {
    this.edit(path, value)
  }

  remove(path: JSONPath): void {
    if (this.get(path) !== undefined) this.edit(path, undefined)
  }

  private edit(path: JSONPath, value: unknown): void {
    this.text = applyEdits(this.text, modify(this.text, path, value, { formattingOptions: this.format }))
    this.value = checkObject(this.text)
  }
}

function checkObject(text: string): JsonObject {
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { allowTrailingComma: true })
  const first = errors[0]
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split('\n')
    const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
    throw new AppError('setup.config-invalid', `${printParseErrorCode(first.error)} at ${where}.`)
  }
  if (!isObject(value)) throw new AppError('setup.config-invalid', 'The file holds no JSON object.')
  return value
}

/** The indentation of the first indented line; two spaces where there is none. */
function indentationOf(text: string): { insertSpaces: boolean; tabSize: number } {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  return indent.startsWith('\t')
    ? { insertSpaces: false, tabSize: 4 }
    : { insertSpaces: true, tabSize: Math.min(indent.length, 8) }
}

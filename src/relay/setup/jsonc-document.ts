import {
  applyEdits,
  createScanner,
  findNodeAtLocation,
  type JSONPath,
  modify,
  type ParseError,
  parse,
  parseTree,
} from 'jsonc-parser'
import { syntaxWords } from '../../node/jsonc-words.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { insertProperty, type Layout, replaceValue } from './jsonc-insert.ts'

const PARSE_OPTIONS = { allowTrailingComma: true }
const BYTE_ORDER_MARK = '\uFEFF'

export type JsonObject = { readonly [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON file with comments that is edited in place: what is not touched stays as it is, byte for byte. */
export class JsoncDocument {
  private readonly mark: string
  private readonly layout: Layout
  private text: string
  /** What `text` says; renewed by every edit. */
  private value: JsonObject

  /** @throws AppError `setup.config-invalid` with line and column when the text is no JSON object. */
  constructor(source: string) {
    this.mark = source.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : ''
    this.text = source.slice(this.mark.length)
    if (this.text.trim() === '') this.text = '{}\n'
    this.layout = { eol: this.text.includes('\r\n') ? '\r\n' : '\n', unit: indentationOf(this.text) }
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

  /** Objects on the way that are missing are made. */
  set(path: JSONPath, value: unknown): void {
    const tree = parseTree(this.text, [], PARSE_OPTIONS)
    const existing = tree && findNodeAtLocation(tree, path)
    if (existing !== undefined) {
      this.replaceText(replaceValue(this.text, existing, value, this.layout))
      return
    }
    const parent = path.slice(0, -1)
    const object = tree && findNodeAtLocation(tree, parent)
    const key = String(path.at(-1))
    if (object?.type !== 'object') this.set(parent, { [key]: value })
    else this.replaceText(insertProperty(this.text, object, key, value, this.layout))
  }

  /** The value as it is written, comments included. */
  textOf(path: JSONPath): string | undefined {
    const tree = parseTree(this.text, [], PARSE_OPTIONS)
    const node = tree && findNodeAtLocation(tree, path)
    return node && this.text.slice(node.offset, node.offset + node.length)
  }

  /** Like {@link set}, in the very words of {@link textOf}. */
  setText(path: JSONPath, text: string): void {
    if (this.textOf(path) === undefined) this.set(path, null)
    const tree = parseTree(this.text, [], PARSE_OPTIONS)
    const node = tree && findNodeAtLocation(tree, path)
    if (node === undefined) return
    this.replaceText(this.text.slice(0, node.offset) + text + this.text.slice(node.offset + node.length))
  }

  remove(path: JSONPath): void {
    if (this.get(path) === undefined) return
    const text = applyEdits(this.text, modify(this.text, path, undefined, {}))
    this.replaceText(withoutLoneComma(text, path.slice(0, -1)))
  }

  private replaceText(text: string): void {
    this.text = text
    this.value = checkObject(text)
  }
}

/** Taking the only property out of an object leaves the comma that followed it: `{,}`. */
function withoutLoneComma(text: string, path: JSONPath): string {
  const tree = parseTree(text, [], PARSE_OPTIONS)
  const object = tree && findNodeAtLocation(tree, path)
  if (object === undefined) return text
  const scanner = createScanner(text, true)
  scanner.setPosition(object.offset + 1)
  scanner.scan()
  const comma = scanner.getTokenOffset()
  if (text[comma] !== ',') return text
  return text.slice(0, comma) + text.slice(comma + 1)
}

function checkObject(text: string): JsonObject {
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, PARSE_OPTIONS)
  const first = errors[0]
  if (first !== undefined) {
    const before = text.slice(0, first.offset).split('\n')
    const where = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
    throw new AppError('setup.config-invalid', `Mistake at ${where}: ${syntaxWords(first, text)}.`)
  }
  if (!isObject(value)) throw new AppError('setup.config-invalid', 'The file holds no JSON object.')
  return value
}

/** The indentation of the first indented line; two spaces where there is none. */
function indentationOf(text: string): string {
  return /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
}

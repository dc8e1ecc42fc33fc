import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'

const FOLDER = fileURLToPath(new URL('../../../../src/main/desktop/', import.meta.url))

type Node = Readonly<Record<string, unknown>> & { readonly type: string }

interface Found {
  readonly text: string
  /** From the outermost node to the text itself. */
  readonly path: readonly Node[]
}

/** Every piece of text in a program, names of modules and types aside. */
function textsOf(node: unknown, above: readonly Node[] = []): Found[] {
  if (Array.isArray(node)) return node.flatMap((part) => textsOf(part, above))
  if (!isNode(node) || node.type === 'TSLiteralType' || node.type === 'ImportDeclaration') return []
  const path = [...above, node]
  if (node.type === 'Literal') return typeof node.value === 'string' ? [{ text: node.value, path }] : []
  if (node.type === 'TemplateElement')
    return [{ text: (node.value as { readonly cooked: string }).cooked, path }]
  return Object.values(node).flatMap((part) => textsOf(part, path))
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'MemberExpression') return nameOf(node.property)
  return typeof node.name === 'string' ? node.name : undefined
}

/** Several words, or one that begins like a sentence or a label. */
function readsLikeWords(text: string): boolean {
  return /\p{L}\S*\s+\S*\p{L}|\p{L}{2,}\s|\s\p{L}{2,}/u.test(text) || /^\p{Lu}\p{Ll}*…?$/u.test(text)
}

const SHOWN_PROPERTIES = [
  'label',
  'title',
  'message',
  'detail',
  'body',
  'headline',
  'words',
  'buttons',
  'reason',
]
/** With the place of the argument that is shown. */
const SHOWING_CALLS: Readonly<Record<string, number>> = {
  ...{ text: 0, action: 0, check: 0, radio: 0, shown: 0, retry: 0, copy: 0, oneLine: 0, showErrorBox: 0 },
  AppError: 1,
}

/** Whether a node stands where somebody will read it. */
function isShown(path: readonly Node[]): boolean {
  return path.some((node, index) => {
    const inner = path[index + 1]
    if (node.type === 'Property') return SHOWN_PROPERTIES.includes(nameOf(node.key) ?? '')
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return false
    const place = SHOWING_CALLS[nameOf(node.callee) ?? '']
    return place !== undefined && inner !== undefined && (node.arguments as unknown[])[place] === inner
  })
}

/** Whether it is what a function that makes text returns, as it stands. */
function isReturned(path: readonly Node[]): boolean {
  const from = path.findLastIndex(({ type }) => type === 'ReturnStatement')
  const maker = path.findLast(({ type }) => FUNCTIONS.includes(type))
  if (from < 0 || !path.slice(from + 1, -1).every(({ type }) => PASSES_ON.includes(type))) return false
  return isNode(maker?.returnType) && annotated(maker.returnType) === 'TSStringKeyword'
}

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']
const PASSES_ON = ['ConditionalExpression', 'TemplateLiteral', 'LogicalExpression']

function annotated({ typeAnnotation }: Node): string | undefined {
  return isNode(typeAnnotation) ? typeAnnotation.type : undefined
}

/** Lines of the log, which are for whoever helps, keys that nobody sees, and what is compared and not shown. */
function isForPrograms(path: readonly Node[]): boolean {
  return path.some((node) => {
    if (node.type === 'Property') return nameOf(node.key) === 'key'
    if (node.type === 'VariableDeclarator') return nameOf(node.id) === 'key'
    if (node.type === 'BinaryExpression') return node.operator === '===' || node.operator === '!=='
    if (node.type !== 'CallExpression' || !isNode(node.callee)) return false
    const { callee } = node
    return nameOf(callee) === 'onTrouble' || nameOf(callee.object) === 'log'
  })
}

/** What is no language of people. */
const FORMATS = [/^curl -fsSL $/, /^\/setup \| bash$/, /^\[Desktop Entry\]$/, /^\S*\.png$/]
/** Its sentences are all for the log. */
const FOR_THE_LOG = ['desktop-memory.ts']

function strayWords(code: string): string[] {
  return textsOf(parseAst(code, { lang: 'ts' }))
    .filter(({ path }) => !isForPrograms(path))
    .filter(
      ({ text, path }) =>
        readsLikeWords(text) || ((isShown(path) || isReturned(path)) && /\p{L}/u.test(text)),
    )
    .map(({ text }) => text)
    .filter((text) => !FORMATS.some((format) => format.test(text)))
}

test.each([
  ["text('connecting')", ['connecting']],
  ["const item = { label: isUp ? 'up' : 'down' }", ['up', 'down']],
  ["throw new AppError('api.malformed', 'It fails.')", ['It fails.']],
  ["function words(): string { return 'not connected' }", ['not connected']],
  ["function words(): string { return isUp ? 'up' : name('x') }", ['up']],
  ["const all = ['Accept']", ['Accept']],
  ["action(words.tray.connect, { kind: 'connect' })", []],
  ["import { x } from './a b.ts'; log.warn('It went wrong'); const a: 'Big' = x", []],
])('words are found in %s', (code, found) => {
  expect(strayWords(code)).toEqual(found)
})

const files = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isFile() && !FOR_THE_LOG.includes(entry.name))
  .map(({ name }) => name)

test.each(files)('%s takes what people read from the catalogue', (name) => {
  expect(strayWords(readFileSync(`${FOLDER}${name}`, 'utf8'))).toEqual([])
})

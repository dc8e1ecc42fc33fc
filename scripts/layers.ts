import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/**
 * Who may import whom, as data. A layer may always import itself. `packages` names what else it may reach;
 * `node:` stands for Node's own modules. Type-only imports obey the same table.
 */
interface Layer {
  /** Folder or file below src, longest match wins. */
  readonly path: string
  readonly mayImport: readonly string[]
  readonly node: boolean
  readonly electron?: boolean
  readonly react?: boolean
}

export const LAYERS: readonly Layer[] = [
  { path: 'shared', mayImport: [], node: false },
  { path: 'node', mayImport: ['shared'], node: true },
  { path: 'main', mayImport: ['shared', 'node', 'relay/relay.ts'], node: true },
  { path: 'main/desktop', mayImport: ['shared', 'node', 'main'], node: true, electron: true },
  {
    path: 'main/index.ts',
    mayImport: ['shared', 'node', 'main', 'main/desktop'],
    node: true,
    electron: true,
  },
  { path: 'preload', mayImport: ['shared'], node: false, electron: true },
  { path: 'renderer', mayImport: ['shared'], node: false, react: true },
  { path: 'relay', mayImport: ['shared', 'node'], node: true },
  { path: 'relay/relay.ts', mayImport: ['shared', 'node', 'relay'], node: true },
  { path: 'tunnel-server', mayImport: ['shared', 'node'], node: true },
  { path: 'functions', mayImport: ['shared', 'node'], node: true },
  { path: 'functions/infra', mayImport: ['shared', 'functions'], node: true },
  { path: 'ollama-host', mayImport: ['shared', 'node'], node: true },
  { path: 'perimeter', mayImport: ['shared', 'node'], node: true },
  { path: 'engine', mayImport: ['shared', 'node'], node: true },
  {
    path: 'cli',
    mayImport: [
      'shared',
      'node',
      'main',
      'relay',
      'relay/relay.ts',
      'tunnel-server',
      'functions',
      'ollama-host',
      'perimeter',
      'engine',
    ],
    node: true,
  },
]

export interface Import {
  readonly from: string
  readonly specifier: string
  /** Path below src for relative imports. */
  readonly target: string | undefined
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

export function sourceFiles(root: string): string[] {
  return (
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      // Packages of a part that brings its own.
      .filter((path) => !path.split('/').includes('node_modules'))
      .sort()
  )
}

export function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(IMPORT)].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? ''
    const target = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(file), specifier))
          .split(sep)
          .join('/')
      : undefined
    return { from: file, specifier, target }
  })
}

export function layerOf(path: string): Layer | undefined {
  return LAYERS.filter((layer) => path === layer.path || path.startsWith(`${layer.path}/`)).sort(
    (a, b) => b.path.length - a.path.length,
  )[0]
}

/** Why an import is not allowed, or undefined when it is. */
export function violation(found: Import): string | undefined {
  const layer = layerOf(found.from)
  if (layer === undefined) return `${found.from} lies in no layer: add its folder to scripts/layers.ts`
  if (found.target === undefined) return packageViolation(layer, found)
  const target = layerOf(found.target)
  if (target === undefined || target === layer || layer.mayImport.includes(target.path)) return undefined
  return `${found.from} imports ${found.target}: ${layer.path} may import only ${layer.mayImport.join(', ') || 'itself'}`
}

function packageViolation(layer: Layer, found: Import): string | undefined {
  if (found.specifier.startsWith('node:') && !layer.node)
    return `${found.from} imports ${found.specifier}: ${layer.path} must run without Node`
  if (/^electron(\/|$)/.test(found.specifier) && layer.electron !== true)
    return `${found.from} imports electron: only main/desktop, main/index.ts and preload may`
  if (/^react(-dom)?(\/|$)/.test(found.specifier) && layer.react !== true)
    return `${found.from} imports ${found.specifier}: only the renderer may`
  return undefined
}

/** Files that import each other in a ring; empty when there is none. */
export function findCycle(root: string): string[] {
  const graph = new Map(
    sourceFiles(root).map(
      (file) => [file, importsOf(root, file).flatMap(({ target }) => target ?? [])] as const,
    ),
  )
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] => {
    const start = path.indexOf(file)
    if (start >= 0) return [...path.slice(start), file]
    if (done.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file])
      if (cycle.length > 0) return cycle
    }
    done.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, [])
    if (cycle.length > 0) return cycle
  }
  return []
}

import { serviceEnvironment } from './environment.ts'
import type { FoundService } from './find-service.ts'
import type { OllamaService } from './service.ts'

/** What of our files will be another than it is there now, a line each; nothing where none of ours is there. */
export function changesOf(before: FoundService | undefined, service: OllamaService): string[] {
  if (before === undefined || before.files.length === 0) return []
  const was = environmentIn(before.files.map(({ content }) => content).join('\n'))
  const is = new Map(Object.entries(serviceEnvironment(service)))
  return [...new Set([...was.keys(), ...is.keys()])]
    .toSorted()
    .map((name) => [name, was.get(name), is.get(name)] as const)
    .filter(([, old, now]) => old !== now)
    .map(([name, old, now]) => {
      if (now === undefined) return `${name} was ${old} and goes away`
      return old === undefined ? `${name} becomes ${now}` : `${name} was ${old} and becomes ${now}`
    })
}

/** The variables of a unit or of a property list, as we write them. */
function environmentIn(text: string): ReadonlyMap<string, string> {
  const found = [
    ...text.matchAll(/^Environment="?([A-Z_]+)=(.*?)"?$/gm),
    ...text.matchAll(/<key>((?:OLLAMA_\w+|HOME))<\/key>\s*<string>([^<]*)</g),
  ]
  return new Map(found.map(([, name = '', value = '']) => [name, value]))
}

export interface UciSection {
  readonly name: string
  type: string
  readonly options: Map<string, string | string[]>
}

/** Files below /etc/config by their names, sections in their order. */
export type UciConfigs = Map<string, UciSection[]>

type Verb = 'set' | 'add_list' | 'del_list' | 'delete' | 'reorder'
const VERBS: readonly Verb[] = ['set', 'add_list', 'del_list', 'delete', 'reorder']

export interface UciCommand {
  readonly verb: Verb
  readonly config: string
  /** A name, or `@type[index]`. */
  readonly section: string
  readonly option?: string
  readonly value?: string
}

/**
 * The commands of a batch, by the grammar of uci: words apart by blanks, quotes without escapes within '…', comments
 * after #, several commands in a line apart by semicolons.
 *
 * @throws Error naming the line that is none
 */
export function parseUciBatch(text: string): UciCommand[] {
  return text.split('\n').flatMap((line, index) => {
    try {
      return wordsOf(line).map(parseCommand)
    } catch (error) {
      throw new Error(`Line ${index + 1}: ${(error as Error).message}: ${line}`)
    }
  })
}

function wordsOf(line: string): string[][] {
  const commands: string[][] = [[]]
  let word: string | undefined
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? ''
    if (char === "'" || char === '"') {
      const end = line.indexOf(char, at + 1)
      if (end < 0) throw new Error(`a ${char} is not closed`)
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (char === '#') break
    else if (char === ';' || char === ' ' || char === '\t') {
      if (word !== undefined) commands.at(-1)?.push(word)
      word = undefined
      if (char === ';') commands.push([])
    } else word = (word ?? '') + char
  }
  if (word !== undefined) commands.at(-1)?.push(word)
  return commands.filter((words) => words.length > 0)
}

const TUPLE =
  /^(?<config>[\w-]+)\.(?<section>\w+|@\w+\[-?\d+\])(?:\.(?<option>\w+))?(?:=(?<value>[\t\n\r -\uffff]*))?$/

function parseCommand([verb, tuple, ...rest]: readonly string[]): UciCommand {
  const known = VERBS.find((one) => one === verb)
  if (known === undefined) throw new Error(`"${verb}" is no command that changes anything`)
  if (tuple === undefined || rest.length > 0) throw new Error('one word has to follow the command')
  const groups = TUPLE.exec(tuple)?.groups
  if (groups === undefined) throw new Error('this names no section or option')
  const { config = '', section = '', option, value } = groups
  if ((known === 'delete') !== (value === undefined)) throw new Error('a value is missing, or one too many')
  if (known.endsWith('list') && option === undefined) throw new Error('a list is an option')
  if (known === 'reorder' && !/^\d+$/.test(value ?? '')) throw new Error('a place in the order is a number')
  if (known === 'set' && option === undefined && !/^[!-~]+$/.test(value ?? ''))
    throw new Error('this is no type')
  return {
    verb: known,
    config,
    section,
    ...(option === undefined ? {} : { option }),
    ...(value === undefined ? {} : { value }),
  }
}

/** What the files say afterwards. As uci does, it goes on after a command that cannot be followed; those are returned. */
export function runUciBatch(configs: UciConfigs, commands: readonly UciCommand[]): UciCommand[] {
  return commands.filter((command) => !runOne(configs, command))
}

function runOne(
  configs: UciConfigs,
  { config, option, section: name, value = '', verb }: UciCommand,
): boolean {
  const sections = configs.get(config)
  if (sections === undefined) return false
  const found = find(sections, name)
  if (verb === 'set' && option === undefined && found === undefined) {
    if (name.startsWith('@')) return false
    sections.push({ name, type: value, options: new Map() })
    return true
  }
  if (found === undefined) return false
  if (verb === 'reorder') {
    sections.splice(sections.indexOf(found), 1)
    sections.splice(Number(value), 0, found)
  } else if (verb === 'delete') {
    if (option !== undefined) return found.options.delete(option)
    sections.splice(sections.indexOf(found), 1)
  } else if (option === undefined) found.type = value
  else if (verb === 'set') found.options.set(option, value)
  else found.options.set(option, listAfter(verb, found.options.get(option), value))
  return true
}

function listAfter(verb: Verb, before: string | string[] | undefined, value: string): string[] {
  const list = before === undefined ? [] : [before].flat()
  return verb === 'add_list' ? [...list, value] : list.filter((item) => item !== value)
}

function find(sections: readonly UciSection[], name: string): UciSection | undefined {
  const [, type, index] = /^@(\w+)\[(-?\d+)\]$/.exec(name) ?? []
  if (type === undefined) return sections.find((section) => section.name === name)
  return sections.filter((section) => section.type === type).at(Number(index))
}

/** A file below /etc/config, as "uci export" writes one. */
export function parseUciFile(text: string): UciSection[] {
  const sections: UciSection[] = []
  for (const line of text.split('\n')) {
    const [[keyword = '', first = '', second = ''] = []] = wordsOf(line)
    const options = sections.at(-1)?.options
    if (keyword === 'config')
      sections.push({ name: second || `cfg${sections.length}`, type: first, options: new Map() })
    else if (keyword === 'option') options?.set(first, second)
    else if (keyword === 'list') options?.set(first, listAfter('add_list', options.get(first), second))
    else if (keyword !== '') throw new Error(`This is no line of a uci file: ${line}`)
  }
  return sections
}

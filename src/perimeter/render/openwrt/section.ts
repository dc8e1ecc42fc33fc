/** Every section that is ours begins so, and nothing else does. */
export const OURS = 'sovereign_'

/** A section of a file below /etc/config. */
export interface Section {
  readonly config: 'network' | 'firewall' | 'dhcp'
  /** Ours begin with {@link OURS}; an interface of WireGuard is called as its device is. */
  readonly name: string
  readonly type: string
  readonly options: Readonly<Record<string, string | number | readonly string[] | undefined>>
}

/** The commands of "uci batch" that make a section anew. */
export function sectionCommands({ config, name, options, type }: Section): string[] {
  const at = `${config}.${name}`
  return [
    `set ${at}=${quote(type)}`,
    ...Object.entries(options).flatMap(([key, value]) => {
      if (value === undefined) return []
      if (typeof value === 'object') return value.map((item) => `add_list ${at}.${key}=${quote(item)}`)
      return [`set ${at}.${key}=${quote(String(value))}`]
    }),
  ]
}

/** What the schema lets through holds no quote; uci knows no way to write one inside of quotes. */
function quote(value: string): string {
  if (value.includes("'")) throw new Error(`A value for uci has a quote in it: ${value}`)
  return `'${value}'`
}

/** How the programs of a system are to get out. */
export interface ProxyWish {
  /** Of the agent. An address literal has no brackets. */
  readonly host: string
  readonly port: number
  /** Names, `*.name` for all below, addresses and networks that are reached without the proxy. */
  readonly bypass: readonly string[]
  /** Where given, programs ask this file instead of being told host and port. */
  readonly pacUrl?: string | undefined
}

/** A setting that is there without a value; one that is missing from {@link Settings} is not there at all. */
export const UNSET = null

/** The settings of one system by their names; the values are texts that only its store understands. */
export type Settings = ReadonlyMap<string, string | typeof UNSET>

export type SystemName = 'macos' | 'windows' | 'gnome' | 'kde'

/** Where one system keeps its proxy. */
export interface ProxyStore {
  readonly system: SystemName
  /** Every setting that this store may ever write. */
  read(): Promise<Settings>
  /** What has to be set, in the order of writing: addresses before what switches them on. */
  wanted(proxy: ProxyWish, now: Settings): Settings
  write(name: string, value: string | typeof UNSET): Promise<void>
  /**
   * The settings that give this one its meaning. Where somebody else has changed one of them, this one is theirs too:
   * who puts another proxy in, wants it to stay switched on.
   */
  dependsOn(name: string): readonly string[]
  /** Whether a system may write this one down in another way than it was told, such as a list in another order. */
  isLoose(name: string): boolean
  /** Tells programs that run already. */
  announce(): Promise<void>
}

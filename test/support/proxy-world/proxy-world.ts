export type Teardown = (close: () => Promise<void>) => void
export type Dump = Readonly<Record<string, string>>

/** A system with a proxy setting, as programs and people see it. */
export interface ProxyWorld {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  /** Belongs to this test. */
  readonly dir: string
  /** Everything that is set, by the system's own words. */
  dump(): Promise<Dump>
  /** Lets the system have a proxy, a script and exceptions of a company. */
  company(): Promise<void>
  /** Somebody puts `other.example:3128` in the place of the proxy for plain HTTP, or of the only one. */
  byHand(): Promise<void>
  /** What the dump has for 127.0.0.1:8080 without *.home and 10.0.0.0/8. */
  readonly manual: Dump
  /** What it has for the script http://127.0.0.1:8080/proxy.pac. */
  readonly script: Dump
  /** What it has after `byHand` was done to it and everything else was put back; undefined is what it has not. */
  readonly afterByHand: {
    readonly company: Readonly<Record<string, string | undefined>>
    readonly nothing: Readonly<Record<string, string | undefined>>
  }
}

/** {@link ProxyWorld.manual} for an agent that listens there. */
export function manualAt({ manual }: ProxyWorld, port: number): Dump {
  return Object.fromEntries(
    Object.entries(manual).map(([name, value]) => [name, value.replaceAll('8080', String(port))]),
  )
}

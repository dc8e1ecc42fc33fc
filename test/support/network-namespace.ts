import { execFile } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Why namespaces cannot be used here; undefined when they can. */
export const NO_NAMESPACES =
  process.platform !== 'linux'
    ? 'network namespaces need Linux'
    : process.getuid?.() !== 0
      ? 'network namespaces need root'
      : undefined

/** A namespace of its own, joined to this one by a virtual cable. */
export interface NetworkNamespace {
  readonly name: string
  /** Address of the far end of the cable, inside the namespace. */
  readonly address: string
  /** Put before a command to run it inside. */
  readonly launcher: readonly string[]
  /** Swallows every packet on the cable, in both directions, without a word. */
  blackhole(): Promise<void>
  restore(): Promise<void>
  close(): Promise<void>
}

export async function createNetworkNamespace(
  teardown?: (close: () => Promise<void>) => void,
): Promise<NetworkNamespace> {
  const id = randomInt(1, 16_000)
  const name = `sb-test-${id}`
  const [outside, inside] = [`sbo${id}`, `sbi${id}`]
  // A /30 of 198.18.0.0/15, which is set aside for tests between networks (RFC 2544).
  const base = id * 4
  const ip = (host: number) => `198.18.${(base >> 8) & 255}.${(base & 255) + host}`
  const ipCommand = (...args: string[]) => run('ip', args)
  const within = (...args: string[]) => run('ip', ['netns', 'exec', name, ...args])

  let closed: Promise<void> | undefined
  const close = () => {
    // Deleting the namespace removes the cable, both ends of it.
    closed ??= run('ip', ['netns', 'delete', name]).then(() => undefined)
    return closed
  }
  await ipCommand('netns', 'add', name)
  teardown?.(close)
  try {
    await ipCommand('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', name)
    await ipCommand('addr', 'add', `${ip(1)}/30`, 'dev', outside)
    await ipCommand('link', 'set', outside, 'up')
    await within('ip', 'addr', 'add', `${ip(2)}/30`, 'dev', inside)
    await within('ip', 'link', 'set', inside, 'up')
    await within('ip', 'link', 'set', 'lo', 'up')
  } catch (error) {
    await close()
    throw error
  }
  return {
    name,
    address: ip(2),
    launcher: ['ip', 'netns', 'exec', name],
    blackhole: async () => {
      const drop = (hook: string, direction: string) =>
        `add chain inet cut ${hook} { type filter hook ${hook} priority 0; }; add rule inet cut ${hook} ${direction} ${inside} drop;`
      await within('nft', `add table inet cut; ${drop('input', 'iifname')} ${drop('output', 'oifname')}`)
    },
    restore: async () => {
      await within('nft', 'delete table inet cut')
    },
    close,
  }
}

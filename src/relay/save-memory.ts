import { setFlagsFromString } from 'node:v8'
import { giveMemoryBack } from '../node/give-memory-back.ts'

/**
 * For a process that is nothing but a relay, often on a small machine. V8 compiles undici's HTTP parser, which is
 * WebAssembly, a second time with its best compiler as soon as it is used. That takes 19 MiB for good and makes the
 * parser no faster than the network. The filter names the one function that may still be compiled again.
 *
 * Not for the bridge: there the SSH ciphers are WebAssembly and need that compiler.
 */
export function saveMemory(): void {
  setFlagsFromString('--wasm-tier-up-filter=0')
  giveMemoryBack()
}

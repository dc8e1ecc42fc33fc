import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { type RunTool, toolRunner } from '../../../node/run-tool.ts'

/** Addresses of a name, in the order in which the system names them. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** What the computer says of itself when an Ollama does not answer. */
export interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly run: RunTool
  readonly resolve: Resolve
  /** For one address. */
  readonly connectMs: number
  /** For all questions together. */
  readonly answerMs: number
  /** Addresses of this machine. */
  addresses(): readonly string[]
  now(): number
}

/** Longer than a network card looks for a neighbour that is off, which is a failure of its own. */
const CONNECT_MS = 5_000
/** A server that loads a model answers late. */
const ANSWER_MS = 10_000
/** Tools that only look are quick, or of no use. */
const LOOK_MS = 2_000

export function realSurroundings(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Surroundings {
  return {
    platform: process.platform,
    env,
    run: toolRunner(env, LOOK_MS),
    resolve: bySystem,
    connectMs: CONNECT_MS,
    answerMs: ANSWER_MS,
    addresses: () =>
      Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
    now: () => Date.now(),
  }
}

const bySystem: Resolve = async (host) =>
  (await lookup(host, { all: true, order: 'verbatim' })).map(({ address }) => address)

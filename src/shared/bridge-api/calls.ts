import { z } from 'zod'
import { authStatusSchema, flowStatusSchema, startedFlowSchema } from '../protocol/relay-auth.ts'
import { type Settings, settingsSchema } from '../settings/schema.ts'
import type { BridgeState } from '../state/bridge-state.ts'
import type { Answer } from '../state/prompt.ts'

/**
 * The one list of what a face may ask of the bridge. Everything else is derived from it: the type of the API,
 * the WebSocket transport, the preload object, the command line and the fake of the tests.
 */
export interface Call<Args extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  readonly args: Args
  readonly result: Result
}

function call<Args extends z.ZodType, Result extends z.ZodType>(
  args: Args,
  result: Result,
): Call<Args, Result> {
  return { args, result }
}

const nothing = z.void().or(z.null().transform(() => undefined))
const noArgs = z.strictObject({})
const name = z.string().min(1).max(500)

const answerSchema: z.ZodType<Answer, Answer> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cancel') }),
  z.strictObject({ kind: z.literal('host-key'), accept: z.boolean() }),
  z.strictObject({ kind: z.literal('passphrase'), passphrase: z.string(), remember: z.boolean() }),
  z.strictObject({ kind: z.literal('password'), password: z.string() }),
  z.strictObject({ kind: z.literal('keyboard-interactive'), answers: z.array(z.string()) }),
])

/** State comes from the bridge itself, which the compiler has checked; faces trust its shape. */
const stateSchema = z.custom<BridgeState>(
  (value) => typeof value === 'object' && value !== null && 'revision' in value,
)
const settingsResult: z.ZodType<Settings> = settingsSchema

export const BRIDGE_CALLS = {
  /** A snapshot of everything; subscribe to the `state` event first, then ask. */
  getState: call(noArgs, stateSchema),
  connect: call(noArgs, nothing),
  disconnect: call(noArgs, nothing),
  /** Skips the wait of one client, of the relay, or of all when no target is named. */
  retryNow: call(z.strictObject({ target: z.string().max(500).optional() }), nothing),
  /** The machine woke up or changed network: prove what still works before tearing anything down. */
  probe: call(noArgs, nothing),
  answerPrompt: call(z.strictObject({ id: z.string().max(100), answer: answerSchema }), nothing),
  setClientEnabled: call(z.strictObject({ name, enabled: z.boolean() }), nothing),
  /** For this run only: listens on another port, where `target` is `agent` or the name of a client. */
  useOtherPort: call(z.strictObject({ target: name, port: z.int().min(1).max(65_535) }), nothing),
  getSettings: call(noArgs, settingsResult),
  /** Sign-in at the relay of the active profile, over its admin socket. */
  relaySignInStatus: call(noArgs, authStatusSchema),
  /** Fails with `relay.identity-needed` until somebody has chosen as whom the relay signs in. */
  startSignIn: call(z.strictObject({ identity: z.enum(['own', 'vscode']).optional() }), startedFlowSchema),
  pollSignIn: call(z.strictObject({ flowId: z.string().max(200) }), flowStatusSchema),
  signOut: call(noArgs, nothing),
  /** Hands a fine-grained GitHub token or an OpenRouter key to the relay, which checks and keeps it. */
  giveCredential: call(
    z.strictObject({ kind: z.enum(['github-token', 'openrouter-key']), secret: z.string().min(1).max(1000) }),
    authStatusSchema,
  ),
  /** `GET /stats` with admin rights: this month's usage with unit, source and age. */
  relayUsage: call(noArgs, z.unknown()),
} satisfies Record<string, Call>

export type CallName = keyof typeof BRIDGE_CALLS
export type CallArgs<Name extends CallName> = z.input<(typeof BRIDGE_CALLS)[Name]['args']>
export type CallResult<Name extends CallName> = z.output<(typeof BRIDGE_CALLS)[Name]['result']>

/** What the bridge tells every attached face by itself. A new state replaces the one before it. */
export const BRIDGE_EVENTS = {
  state: stateSchema,
} satisfies Record<string, z.ZodType>

export type EventName = keyof typeof BRIDGE_EVENTS
export type BridgeEvents = { readonly [Name in EventName]: z.output<(typeof BRIDGE_EVENTS)[Name]> }

/** What every face holds, whatever carries it. */
export type BridgeApi = {
  readonly [Name in CallName]: (args: CallArgs<Name>) => Promise<CallResult<Name>>
} & {
  /** @returns the unsubscribe function. */
  readonly on: <Name extends EventName>(
    event: Name,
    listener: (payload: BridgeEvents[Name]) => void,
  ) => () => void
}

export function isCallName(value: unknown): value is CallName {
  return typeof value === 'string' && Object.hasOwn(BRIDGE_CALLS, value)
}

export function isEventName(value: unknown): value is EventName {
  return typeof value === 'string' && Object.hasOwn(BRIDGE_EVENTS, value)
}

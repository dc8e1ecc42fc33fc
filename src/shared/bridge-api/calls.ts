import { z } from 'zod'
import { checksSchema, reportSchema } from '../protocol/diagnostics.ts'
import { recentRequestsSchema } from '../protocol/recent-requests.ts'
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
const sshTarget = z.string().min(1).max(500)

/** What a job needs to know; `ssh` is an alias of ~/.ssh/config or user@host:port. */
const jobOrder = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('test-relay'), ssh: sshTarget, port: z.int().min(1).max(65_535) }),
  z.strictObject({ kind: z.literal('install-relay'), ssh: sshTarget, port: z.int().min(1).max(65_535) }),
  z.strictObject({ kind: z.literal('test-client'), ssh: sshTarget, listen: z.string().max(500) }),
  /** The client has to be in the active profile already. */
  z.strictObject({ kind: z.literal('set-up-client'), name }),
])
export type JobOrder = z.infer<typeof jobOrder>

const sshHosts = z.object({
  hosts: z.array(
    z.object({
      alias: z.string(),
      host: z.string(),
      user: z.string().optional(),
      port: z.int(),
      /** The file and line that name it. */
      source: z.string(),
    }),
  ),
})

const settingsFile = z.object({
  path: z.string(),
  text: z.string(),
  existed: z.boolean(),
  /** To be handed back with `saveSettings`, so that nobody's change is written over. */
  revision: z.string(),
})
const settingsMistakes = z.object({
  mistakes: z.array(z.object({ path: z.string(), line: z.int().optional(), text: z.string() })),
})
/** A megabyte of settings is somebody's wrong file. */
const settingsText = z.strictObject({ text: z.string().max(1_048_576) })
const changedSettings = settingsText.extend({ revision: z.string().max(100).optional() })

export const BRIDGE_CALLS = {
  /** A snapshot of everything; subscribe to the `state` event first, then ask. */
  getState: call(noArgs, stateSchema),
  connect: call(noArgs, nothing),
  disconnect: call(noArgs, nothing),
  /** Skips the wait of one client, of the `relay`, the `agent` or the `tunnel`, or of all when no target is named. */
  retryNow: call(z.strictObject({ target: z.string().max(500).optional() }), nothing),
  /** The machine woke up or changed network: prove what still works before tearing anything down. */
  probe: call(noArgs, nothing),
  answerPrompt: call(z.strictObject({ id: z.string().max(100), answer: answerSchema }), nothing),
  setClientEnabled: call(z.strictObject({ name, enabled: z.boolean() }), nothing),
  /** Until the bridge is connected anew: the way to the relay alone, while every client stays connected. */
  setRelayEnabled: call(z.strictObject({ enabled: z.boolean() }), nothing),
  /**
   * Wakes the server of the tunnel without a request, and is done when it runs; or lets it sleep until the next one,
   * which the state tells of. Fails with `api.not-found` where nothing starts and stops a server.
   */
  setTunnelAwake: call(z.strictObject({ awake: z.boolean() }), nothing),
  /** For this run only: listens on another port, where `target` is `agent` or the name of a client. */
  useOtherPort: call(z.strictObject({ target: name, port: z.int().min(1).max(65_535) }), nothing),
  getSettings: call(noArgs, settingsResult),
  /** The file as it is; where there is none, the text that it would have. */
  getSettingsFile: call(noArgs, settingsFile),
  /** Judges the text of a settings file, as typed or imported; an empty list means that it can be saved. */
  checkSettings: call(settingsText, settingsMistakes),
  /**
   * Writes the settings, with the comments of the file kept, and applies them: links that they do not touch stay up.
   * Fails with `settings.invalid`, `settings.unreadable` or, when the file is not the one that was read any more,
   * `settings.changed-on-disk`; everything stays as it was then.
   */
  saveSettings: call(changedSettings, nothing),
  /** The hosts that ~/.ssh/config names, without its patterns. */
  listSshHosts: call(noArgs, sshHosts),
  /** Begins long work; its progress is in the state, under `jobs`. */
  startJob: call(z.strictObject({ order: jobOrder }), z.object({ id: z.string() })),
  /** What was done so far is undone. */
  cancelJob: call(z.strictObject({ id: z.string().max(100) }), nothing),
  /** Takes a job that is over out of the state. */
  forgetJob: call(z.strictObject({ id: z.string().max(100) }), nothing),
  /** Sign-in at the relay of the active profile, over its admin socket. */
  relaySignInStatus: call(noArgs, authStatusSchema),
  /** Fails with `relay.identity-needed` until somebody has chosen as whom the relay signs in. */
  startSignIn: call(z.strictObject({ identity: z.enum(['own', 'vscode']).optional() }), startedFlowSchema),
  pollSignIn: call(z.strictObject({ flowId: z.string().max(200) }), flowStatusSchema),
  /** Gives a sign-in up: its code signs nobody in any more. An older relay lets it run out. */
  stopSignIn: call(z.strictObject({ flowId: z.string().max(200) }), nothing),
  /** Of Copilot unless told. */
  signOut: call(z.strictObject({ upstream: z.enum(['copilot', 'openrouter']).optional() }), nothing),
  /** Hands a fine-grained GitHub token or an OpenRouter key to the relay, which checks and keeps it. */
  giveCredential: call(
    z.strictObject({ kind: z.enum(['github-token', 'openrouter-key']), secret: z.string().min(1).max(1000) }),
    authStatusSchema,
  ),
  /** `GET /stats` with admin rights: this month's usage with unit, source and age. */
  relayUsage: call(noArgs, z.unknown()),
  /** The newest requests, without content. */
  recentRequests: call(noArgs, recentRequestsSchema),
  /** OpenRouter's sign-in with PKCE: the page to open; the relay gets the key, and `relaySignInStatus` tells of it. */
  startOpenrouterSignIn: call(noArgs, z.object({ url: z.url() })),
  /** How the newest of these goes. Fails with why it has failed, until the next one is started. */
  openrouterSignIn: call(
    noArgs,
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('waiting'), url: z.url() }),
      z.object({ kind: z.literal('done') }),
    ]),
  ),
  /** Gives it up: whoever agrees from now on gives the relay no key. */
  stopOpenrouterSignIn: call(noArgs, nothing),
  /** Asks the Ollama of the profile again. */
  probeOllama: call(noArgs, nothing),
  /** Looks at the WireGuard tunnel of the profile again. */
  lookAtVpn: call(noArgs, nothing),
  /** Through the system's own program. Done when it is so; fails with `vpn.…`, or `api.not-found` without a tunnel. */
  setVpn: call(z.strictObject({ to: z.enum(['up', 'down']) }), nothing),
  /** Looks at everything that is known to go wrong. */
  runChecks: call(noArgs, checksSchema),
  /** What one may hand on when asking for help, redacted. */
  makeReport: call(noArgs, reportSchema),
  /** The rest needs a desktop around the bridge, and fails with `api.no-desktop` without one. */
  setStartAtLogin: call(z.strictObject({ enabled: z.boolean() }), nothing),
  /** Opens a page in the browser: https, and one of the hosts that this program names. */
  openPage: call(z.strictObject({ url: z.url().max(2000) }), nothing),
  openSettingsFile: call(noArgs, nothing),
  /** The folder that the app writes its log into. */
  openLogFolder: call(noArgs, nothing),
  checkForUpdate: call(noArgs, nothing),
  /** Restarts into a downloaded update. */
  installUpdate: call(noArgs, nothing),
  quit: call(noArgs, nothing),
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

import { z } from 'zod'
import { egressSettings } from './egress.ts'
import { file } from './file.ts'
import { ollamaUrlMistake } from './ollama-url.ts'

/** The shape of the settings file. Version 1 is the first; older files are brought forward by migrate.ts. */
export const SETTINGS_VERSION = 1

const port = z.int().min(1).max(65_535)
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'use letters, digits, spaces, dots, dashes and underscores')

/** `127.0.0.1:8080`, `[::1]:8080`, or `unix:/path/to.sock`. */
const listenAddress = z
  .string()
  .regex(
    /^(?:(?:127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|localhost|\[::1\]):\d{1,5}|unix:\/.+)$/,
    'use a loopback address with a port, such as 127.0.0.1:8080, or unix:/path/to.sock',
  )
  .refine(
    (text) => text.startsWith('unix:') || Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535,
    'ports end at 65535',
  )

const sshTarget = z
  .union(
    [
      z.string().min(1),
      z.strictObject({
        host: z.string().min(1),
        port: port.optional(),
        user: z.string().min(1).optional(),
        identityFile: z.string().min(1).optional(),
      }),
    ],
    'use an alias of ~/.ssh/config, "user@host:port", or { "host": …, "port": …, "user": …, "identityFile": … }',
  )
  .describe('An alias of ~/.ssh/config, user@host:port, or the parts spelled out')

const urlRelay = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'use a URL such as http://10.0.0.5:8080' })
      .refine(hasNoPassword, 'must not hold a user or password: a client token belongs in "tokenFile"'),
    ca: file.optional().describe('PEM file with the CA to trust in place of the usual ones'),
    cert: file
      .optional()
      .describe('PEM file with the certificate of this bridge, where the relay asks for one'),
    key: file.optional().describe('PEM file with its private key'),
    tokenFile: file.optional().describe('File with a client token for clients that bring none'),
    adminTokenFile: file.optional().describe('File with the admin token, for signing in and usage'),
  })
  .superRefine((relay, { addIssue }) => {
    const missing = relay.cert === undefined ? 'cert' : 'key'
    if ((relay.cert === undefined) !== (relay.key === undefined))
      addIssue({
        code: 'custom',
        path: [relay.cert === undefined ? 'key' : 'cert'],
        message: `needs "${missing}" beside it`,
      })
    for (const part of ['ca', 'cert'] as const)
      if (relay[part] !== undefined && !/^https:/i.test(relay.url))
        addIssue({ code: 'custom', path: [part], message: 'is for a URL that begins with https://' })
  })

const relay = z
  .union(
    [
      z.strictObject({ embedded: z.literal(true) }),
      z.strictObject({ ssh: sshTarget, port: port.default(8080), adminSocket: z.string().min(1).optional() }),
      urlRelay,
    ],
    'use exactly one of { "embedded": true }, { "ssh": "alias", "port": 8080 } and { "url": "http://…" }',
  )
  .describe('Where the relay is: in the bridge itself, on a machine reached by SSH, or at a URL')

const client = z.strictObject({
  name: name.describe('How this client is called in the app and in commands'),
  ssh: sshTarget,
  listen: listenAddress
    .default('127.0.0.1:8080')
    .describe('Where programs on the client find the relay, on its own loopback'),
  enabled: z.boolean().default(true),
})

const profile = z.strictObject({
  name: name.default('default'),
  relay: relay.default({ embedded: true }),
  clients: z.array(client).default([]).describe('The machines that get to use the relay'),
  agent: z
    .strictObject({
      listen: listenAddress
        .default('127.0.0.1:8080')
        .describe('Where programs on this machine find the relay'),
    })
    .prefault({}),
  egress: egressSettings,
  ollama: z
    .strictObject({
      url: z.url({ protocol: /^https?$/, error: 'use a URL such as http://127.0.0.1:11434' }),
      via: sshTarget
        .optional()
        .describe('The machine from which it is asked, over SSH; this one where it is left out'),
      offer: z
        .boolean()
        .optional()
        .describe('Whether the relay in the bridge offers its models to clients, those that run on it only'),
    })
    .superRefine(({ url, via, offer }, { addIssue }) => {
      if (offer !== true) return
      const mistake = ollamaUrlMistake(url)
      if (mistake !== undefined) addIssue({ code: 'custom', path: ['url'], message: mistake })
      if (via !== undefined)
        addIssue({
          code: 'custom',
          path: ['offer'],
          message: 'needs an Ollama that this machine reaches, without "via"',
        })
    })
    .optional()
    .describe('An Ollama that this machine reaches, to be shown beside the relay'),
  vpn: z
    .strictObject({
      tunnel: z
        .string()
        .regex(/^[\p{L}\p{N}_][\p{L}\p{N}_=+. -]{0,99}$/u, 'use letters, digits, spaces, dots and dashes')
        .describe('Its name in NetworkManager, in the WireGuard app, or of its file in /etc/wireguard'),
    })
    .optional()
    .describe('The WireGuard tunnel of this machine that leads to the model server'),
})

function hasNoPassword(text: string): boolean {
  return !/^[^/?#]*:\/*[^/?#]*@/.test(text)
}

/** Every value by itself; what has to agree between them is in cross-checks.ts. */
export const settingsSchema = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(SETTINGS_VERSION).default(SETTINGS_VERSION),
  activeProfile: z.string().optional().describe('The name of the profile to use; the first one unless told'),
  profiles: z.array(profile).min(1, 'there has to be at least one profile').prefault([{}]),
  connectAtStart: z.boolean().default(true),
  notifications: z
    .boolean()
    .default(true)
    .describe('Whether the desktop tells of what needs somebody, while the window is not in front'),
  secrets: z
    .enum(['keychain', 'file', 'ask'], 'use "keychain", "file" or "ask"')
    .default('keychain')
    .describe(
      'Where a passphrase is kept that you want remembered: in the keychain of the system, in a file that only you can read and that is not encrypted, or nowhere',
    ),
  logs: z
    .strictObject({
      level: z
        .enum(['error', 'warn', 'info', 'debug'], 'use "error", "warn", "info" or "debug"')
        .default('warn')
        .describe('How much the bridge writes to its log; "debug" is for finding a fault'),
      keepMiB: z
        .int()
        .min(1)
        .max(1000)
        .default(4)
        .describe('How much of its log file the tray app keeps at the most; the oldest goes first'),
    })
    .prefault({}),
})

export type Settings = z.infer<typeof settingsSchema>
export type LogSettings = Settings['logs']
export type Profile = Settings['profiles'][number]
export type ClientSettings = Profile['clients'][number]
export type RelaySettings = Profile['relay']
export type UrlRelaySettings = z.infer<typeof urlRelay>
export type SshTargetSettings = z.infer<typeof sshTarget>

import { z } from 'zod'
import { file } from './file.ts'

const hostPattern = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?$|^\*$|^\[?[0-9a-fA-F:.]+\]?(?:\/\d{1,3})?$/u,
    'use a host name, *.name for all below it, an address, or a network such as 10.0.0.0/8',
  )
  .refine(
    isWhole,
    'is no address and no network: write 10.0.0.0/8, with a prefix of up to 32, or 128 for IPv6',
  )

const command = z.array(z.string()).min(1, 'name the program to start')

const control = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aws'),
      wake: z.url({ protocol: /^https?$/ }).describe('Function URL that starts the server'),
      query: z.url({ protocol: /^https?$/ }).describe('Function URL that says how far it is, and where'),
      kill: z.url({ protocol: /^https?$/ }).describe('Function URL that stops it'),
      region: z.string().min(1).optional().describe('Taken from the URL unless told'),
      awsProfile: z.string().min(1).optional().describe('Which profile of ~/.aws to sign with'),
    }),
    z.strictObject({
      kind: z.literal('webhook'),
      url: z.url({ protocol: /^https?$/ }).describe('Gets signed POSTs: wake, query, kill'),
      secretFile: file.describe('File with the secret to sign with'),
    }),
    z.strictObject({
      kind: z.literal('wake-on-lan'),
      mac: z
        .string()
        .regex(
          /^[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}$/,
          'use a hardware address such as 00:11:22:33:44:55',
        ),
      broadcast: z.ipv4().default('255.255.255.255'),
    }),
    z.strictObject({
      kind: z.literal('process'),
      command: command.describe('Program and arguments that run the server on this machine'),
    }),
  ])
  .describe('How the server is started when it is needed and stopped when it is not')

const mtls = z.strictObject({
  server: z
    .string()
    .regex(/^(?:\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'use host:port, such as tunnel.example.com:8443')
    .optional()
    .describe('Where the server is; found out by "control" where the address changes'),
  serverName: z
    .string()
    .min(1)
    .default('sovereign-tunnel-server')
    .describe('The name (DNS or URI) that its certificate has to have, whatever its address'),
  ca: file.describe('PEM file with the certificate authority of the tunnel'),
  cert: file.describe('PEM file with the certificate of this agent'),
  key: file.describe('PEM file with its private key'),
  crl: file
    .optional()
    .describe('PEM file with what the authority has revoked; a server in it is not trusted any more'),
  protocol: z.enum(['h2', 'envelopes'], 'use "h2" or "envelopes"').default('h2'),
  control: control.optional(),
  holdSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(120)
    .describe('How long requests wait for a server that is being started'),
})

export const egressSettings = z
  .strictObject({
    use: z
      .enum(['direct', 'mtls'], 'use "direct" or "mtls"')
      .default('direct')
      .describe('How hosts are reached that no rule names'),
    rules: z
      .array(
        z.strictObject({
          hosts: z.array(hostPattern).min(1, 'name at least one host'),
          use: z.enum(['direct', 'mtls', 'deny'], 'use "direct", "mtls" or "deny"'),
        }),
      )
      .default([])
      .describe('Looked at in their order; the first one that names the host counts'),
    bypass: z
      .array(hostPattern)
      .default([])
      .describe('Hosts that programs reach without the proxy, for the PAC file and the proxy of the system'),
    allowPrivate: z
      .array(hostPattern)
      .default([])
      .describe('Hosts and networks of your own that the proxy may reach although they are private'),
    connectPorts: z
      .array(z.int().min(1).max(65_535))
      .default([443, 8443])
      .describe('Ports that CONNECT may ask for'),
    passwordFile: file
      .optional()
      .describe('File with "user:password" that programs have to send; for computers that others use too'),
    systemProxy: z
      .boolean()
      .default(false)
      .describe('Whether the proxy of the system is set while connected, and put back afterwards'),
    mtls: mtls.optional().describe('A tunnel server that the proxy can get out through'),
  })
  .superRefine((egress, { addIssue }) => {
    if (
      egress.mtls === undefined &&
      (egress.use === 'mtls' || egress.rules.some(({ use }) => use === 'mtls'))
    )
      addIssue({ code: 'custom', path: ['mtls'], message: 'is needed where "use" is "mtls"' })
    const { mtls: tunnel } = egress
    if (tunnel !== undefined && tunnel.server === undefined && needsServer(tunnel.control?.kind))
      addIssue({
        code: 'custom',
        path: ['mtls', 'server'],
        message: 'is needed: nothing else says where the server is',
      })
  })
  .prefault({})
  .describe('How the proxy on the port of the agent gets out')

export type EgressSettings = z.infer<typeof egressSettings>
export type MtlsSettings = NonNullable<EgressSettings['mtls']>
export type ControlSettings = NonNullable<MtlsSettings['control']>

const FOUR_BYTES = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/

/** What looks like an address is one, so that a rule does not silently match nothing. */
function isWhole(text: string): boolean {
  const [address = '', bits] = text.replaceAll(/[[\]]/g, '').split('/')
  const isIpv6 = address.includes(':')
  if (bits !== undefined && Number(bits) > (isIpv6 ? 128 : 32)) return false
  return isIpv6 || (bits === undefined && !/^[\d.]+$/.test(address)) || FOUR_BYTES.test(address)
}

/** Only these two say themselves where the server is. */
function needsServer(kind: ControlSettings['kind'] | undefined): boolean {
  return kind !== 'aws' && kind !== 'webhook'
}

import { z } from 'zod'

const file = z.string().min(1)
const port = z.int().min(0).max(65_535)
const list = z.array(z.string().min(1))

/** The keys of the configuration file: those that the first server had, then ours. Paths count from its folder. */
export const configSchema = z.strictObject({
  listen_addr: z.string().min(1).default('0.0.0.0').describe('Address to listen on'),
  listen_port: port.default(8443).describe('Port to listen on; 0 takes any free one'),
  cert_file: file
    .optional()
    .describe('Certificate of the server in PEM, with those between it and the authority'),
  key_file: file.optional().describe('Its private key in PEM'),
  ca_cert_file: file.optional().describe('The authority that signs the certificates of agents'),
  log_level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  max_connections: z.int().min(1).max(1_000_000).default(100).describe('Agents at the same time'),
  emit_metrics: z.boolean().default(false).describe('Print metrics for CloudWatch on standard output'),
  metrics_interval: z
    .union([z.int(), z.string().regex(/^\d+(?:s|m)?$/, 'use seconds, or a text such as "60s" or "1m"')])
    .transform(seconds)
    .pipe(z.number().min(10, 'use 10 s or more'))
    .default(60)
    .describe('How often they are printed'),
  secrets_manager_name: z.string().optional(),
  use_secrets_manager: z
    .boolean()
    .default(false)
    .describe('Only where the platform has put the secret into CERT_PEM, KEY_PEM and CA_PEM'),

  allow: list
    .default([])
    .describe('Names in the certificates of agents that may come in, such as sovereign://agent/*'),
  crl_file: file.optional().describe('Certificates that the authority revoked, in PEM'),
  health_addr: z.string().min(1).default('127.0.0.1').describe('Address of /health, /ready and /metrics'),
  health_port: port.default(8080).describe('Their port; 0 for none'),
  allow_private: list
    .default([])
    .describe('Hosts and networks that agents may reach although they are not on the internet'),
  max_streams: z
    .int()
    .min(1)
    .max(100_000)
    .default(2048)
    .describe('Connections of one agent at the same time'),
  drain_seconds: z
    .int()
    .min(0)
    .max(3600)
    .default(25)
    .describe('How long open connections may finish at the end'),
})

export type TunnelServerConfig = z.infer<typeof configSchema>

function seconds(text: number | string): number {
  if (typeof text === 'number') return text
  return Number.parseInt(text, 10) * (text.endsWith('m') ? 60 : 1)
}

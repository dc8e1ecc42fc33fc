import { createHmac, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { WEBHOOK_HEADERS, webhookText } from '../../shared/protocol/webhook.ts'
import type { ControlSettings } from '../../shared/settings/egress.ts'
import type { ControlPlane } from './control-plane.ts'
import { httpControl } from './http-control.ts'

export type WebhookSettings = Extract<ControlSettings, { readonly kind: 'webhook' }>

/** A shorter secret could be guessed. */
const SECRET_MIN_CHARACTERS = 16
const NONCE_BYTES = 16

/** A URL of one's own that gets `wake`, `query` and `kill`, each signed with a secret that both sides know. */
export function webhookControl(
  settings: WebhookSettings,
  options: { readonly ambient: Ambient; readonly port: number },
): ControlPlane {
  const url = new URL(settings.url)
  return httpControl({
    kind: 'webhook',
    price: undefined,
    urlOf: () => url,
    bodyOf: (action, fields) => JSON.stringify({ action, ...fields }),
    sign: async (_, body) => {
      const secret = await readSecret(settings.secretFile)
      const timestamp = String(Math.floor(options.ambient.now() / 1000))
      const nonce = randomBytes(NONCE_BYTES).toString('hex')
      return {
        [WEBHOOK_HEADERS.timestamp]: timestamp,
        [WEBHOOK_HEADERS.nonce]: nonce,
        [WEBHOOK_HEADERS.signature]: `v1=${webhookSignature(secret, timestamp, nonce, body)}`,
      }
    },
    ...options,
  })
}

/** HMAC-SHA256 in lower-case hex. */
export function webhookSignature(secret: string, timestamp: string, nonce: string, body: string): string {
  return createHmac('sha256', secret)
    .update(webhookText(timestamp, nonce, body))
    .digest('hex')
}

/** Read with every request, so that a new one counts at once. */
async function readSecret(path: string): Promise<string> {
  const remedy = `Put at least ${SECRET_MIN_CHARACTERS} characters that nobody guesses into that file.`
  let secret: string
  try {
    secret = (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new AppError('control.refused', `The secret of the webhook cannot be read from ${path}.`, {
      cause,
      remedy,
    })
  }
  if (secret.length >= SECRET_MIN_CHARACTERS) return secret
  throw new AppError('control.refused', `The secret in ${path} is too short.`, { remedy })
}

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentityProvider, Checksum, ChecksumConstructor, SourceData } from '@smithy/types'

/** SHA-256, and HMAC with it where there is a key, as the signing library wants them. */
class Sha256 implements Checksum {
  private hash: Hash | Hmac
  private readonly key: Uint8Array | undefined

  constructor(key?: SourceData) {
    this.key = key === undefined ? undefined : bytesOf(key)
    this.hash = this.start()
  }

  update(data: Uint8Array): void {
    this.hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest()
  }

  reset(): void {
    this.hash = this.start()
  }

  private start(): Hash | Hmac {
    return this.key === undefined ? createHash('sha256') : createHmac('sha256', this.key)
  }
}

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

const SHA256: ChecksumConstructor = Sha256

export interface LambdaSigner {
  /** @returns the headers that a POST to a function URL needs besides its own. */
  sign(url: URL, body: string, at: Date): Promise<Readonly<Record<string, string>>>
}

/** Signature Version 4 for the service `lambda`: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export function lambdaSigner(region: string, credentials: AwsCredentialIdentityProvider): LambdaSigner {
  const signer = new SignatureV4({ service: 'lambda', region, credentials, sha256: SHA256 })
  return {
    sign: async (url, body, at) => {
      const request = {
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host, 'content-type': 'application/json' },
        body,
      }
      const { headers } = await signer.sign(request, { signingDate: at })
      // fetch sets this one itself, to the same.
      return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'))
    },
  }
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

// Signature Version 4 as its receiver checks it, written from its description and not with the library that signs:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

export interface SignedRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Signer {
  readonly accessKeyId: string
  readonly region: string
  readonly service: string
}

/** AWS refuses what was signed longer ago, or later, than this. */
const SKEW_MS = 5 * 60_000

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** @returns who signed it, or why AWS would not take it. */
export function checkSignature(
  request: SignedRequest,
  secretOf: (accessKeyId: string) => string | undefined,
): Signer | string {
  const match = AUTHORIZATION.exec(request.headers.authorization ?? '')
  if (match === null) return 'Missing Authentication Token'
  const [, accessKeyId = '', day = '', region = '', service = '', names = '', signature = ''] = match
  const secret = secretOf(accessKeyId)
  if (secret === undefined) return 'The security token included in the request is invalid.'
  const date = String(request.headers['x-amz-date'])
  if (!date.startsWith(day) || Math.abs(Date.now() - timeOf(date)) > SKEW_MS)
    return `Signature expired: ${date} is not now`
  if (!names.split(';').includes('host')) return 'The host header must be signed'
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical(request, names))].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (parent, part) => hmac(parent, part),
    Buffer.from(`AWS4${secret}`),
  )
  const expected = hmac(key, text)
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
    ? { accessKeyId, region, service }
    : 'The request signature we calculated does not match the signature you provided.'
}

function canonical({ method, url, headers, body }: SignedRequest, names: string): string {
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  return [method, url.pathname, url.search.slice(1), lines.join(''), names, sha256(body)].join('\n')
}

function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

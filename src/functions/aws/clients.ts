/** How clients of AWS are made; AWS_ENDPOINT_URL and the credentials of the environment count where nothing is said. */
export interface AwsAccess {
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Of each question to AWS; throttling and errors of its servers are tried again with growing delays. */
const MAX_ATTEMPTS = 4

export function clientOptions(access: AwsAccess): AwsAccess & { readonly maxAttempts: number } {
  return { ...access, maxAttempts: MAX_ATTEMPTS }
}

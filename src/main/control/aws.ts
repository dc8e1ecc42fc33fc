import type { AwsCredentialIdentityProvider } from '@smithy/types'
import type { Ambient } from '../../node/ambient.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ControlSettings } from '../../shared/settings/egress.ts'
import type { ControlPlane } from './control-plane.ts'
import { httpControl } from './http-control.ts'
import { fargatePrice } from './price.ts'
import { type LambdaSigner, lambdaSigner } from './sigv4.ts'

export type AwsSettings = Extract<ControlSettings, { readonly kind: 'aws' }>

export interface AwsControlOptions {
  readonly ambient: Ambient
  /** Where the tunnel listens if query does not say. */
  readonly port: number
  /** Those that the command line of AWS would take too, unless told. */
  readonly credentials?: AwsCredentialIdentityProvider
}

const FUNCTION_URL_HOST = /\.lambda-url\.([a-z0-9-]+)\.on\.aws$/

/** Function URLs of Lambda, asked with requests that are signed. */
export function awsControl(settings: AwsSettings, options: AwsControlOptions): ControlPlane {
  const region = regionOf(settings)
  let signer: Promise<LambdaSigner> | undefined
  return httpControl({
    kind: 'aws',
    price: fargatePrice(region),
    urlOf: (action) => new URL(settings[action]),
    bodyOf: (_, fields) => JSON.stringify(fields),
    sign: async (url, body) => {
      signer ??= makeSigner(region, settings.awsProfile, options.credentials)
      try {
        return await (await signer).sign(url, body, new Date(options.ambient.now()))
      } catch (cause) {
        // Somebody who signs in now is to be noticed.
        signer = undefined
        throw noCredentials(settings.awsProfile, cause)
      }
    },
    port: options.port,
    ambient: options.ambient,
  })
}

async function makeSigner(
  region: string,
  profile: string | undefined,
  given: AwsCredentialIdentityProvider | undefined,
): Promise<LambdaSigner> {
  if (given !== undefined) return lambdaSigner(region, given)
  // Loaded here: a bridge that wakes nothing at AWS does without it.
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
  return lambdaSigner(region, defaultProvider(profile === undefined ? {} : { profile }))
}

function noCredentials(profile: string | undefined, cause: unknown): AppError {
  const where = profile === undefined ? '' : ` in the profile "${profile}"`
  return new AppError('control.refused', `There are no AWS credentials to sign with${where}.`, {
    cause,
    remedy: 'Sign in with "aws sso login" or "aws configure", or set "awsProfile" of the tunnel.',
  })
}

function regionOf({ wake, region }: AwsSettings): string {
  const found = region ?? FUNCTION_URL_HOST.exec(new URL(wake).hostname)?.[1]
  if (found !== undefined) return found
  throw new AppError('control.refused', `The region of ${new URL(wake).host} is not known.`, {
    remedy: 'Set "region" beside the URLs of the functions.',
  })
}

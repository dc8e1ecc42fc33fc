/** A request that cannot be meant; answered with status 400. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

/** The service that the function is for does not exist. */
export class ServiceMissing extends Error {
  override readonly name = 'ServiceMissing'

  constructor(cluster: string, service: string) {
    super(`There is no ECS service "${service}" in the cluster "${cluster}".`)
  }
}

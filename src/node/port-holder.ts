/** A process that listens on a port. */
export interface PortHolder {
  readonly pid: number
  readonly name: string
  /** Its command line, shortened and with credentials blanked out. */
  readonly command: string
}

/** Who listens on this address, as far as this user may see it. Never throws. */
export async function portHolder(_host: string, _port: number): Promise<PortHolder | undefined> {
  return undefined
}

/** The nearest port above (or else below) that can be listened on right now. Never throws. */
export async function freePortNear(_host: string, _port: number): Promise<number | undefined> {
  return undefined
}

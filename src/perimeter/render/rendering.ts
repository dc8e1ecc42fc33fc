/** A file for a router or a server, complete with its place and rights. */
export interface RenderedFile {
  /** Absolute path on the machine it is for. */
  readonly path: string
  /** Such as 0o600. */
  readonly mode: number
  readonly content: string
  /** One line: what it is for. */
  readonly purpose: string
}

/** All that one machine needs. `PRIVATE_KEY` stands where the key is put on the machine itself. */
export interface Rendering {
  readonly machine: 'router' | 'server'
  readonly files: readonly RenderedFile[]
  /** Commands that make the files count, run in this order on the machine. */
  readonly activate: readonly (readonly string[])[]
}

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

/** All that one machine needs, but for private keys: those are made on the machine and never leave it. */
export interface Rendering {
  readonly machine: 'router' | 'server'
  readonly files: readonly RenderedFile[]
  /** Commands that make the files count, run in this order on the machine. */
  readonly activate: readonly (readonly string[])[]
  /** Files of the machine's own that "activate" changes; they are kept, and put back when the change is. */
  readonly touches?: readonly string[]
  /** Commands that end what "activate" began, where nothing of ours stood before; each may fail. */
  readonly deactivate?: readonly (readonly string[])[]
  /** Commands whose output shows the policy in force, without counters and without secrets. */
  readonly evidence?: readonly (readonly string[])[]
  /** Commands after the machine's own files are back in place. */
  readonly settle?: readonly (readonly string[])[]
}

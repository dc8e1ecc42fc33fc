import { z } from 'zod'

/** A file of this machine, by a path that means the same wherever the bridge was started. */
export const file = z
  .string()
  .regex(/^(?:~?[\\/]|[A-Za-z]:[\\/])/, 'use an absolute path, or one that begins with ~/')

import { z } from 'zod'

/** Client administration of the relay, spoken over its admin socket. */

export const CLIENT_NAME_MAX = 64

/** What the usage tables call requests without a token, those with the admin token, and what is folded together. */
const NAMES_WITH_A_MEANING = ['unknown', 'admin', 'other']

/** Stands in URLs, metric labels and tables, so it is kept to characters that are harmless everywhere. */
export const clientNameSchema = z
  .string()
  .max(CLIENT_NAME_MAX)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
  .refine((name) => !NAMES_WITH_A_MEANING.includes(name), 'this name is taken by the usage tables')

export const clientInfoSchema = z.object({
  name: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
})

/** `GET /admin/clients` */
export const clientListSchema = z.object({
  required: z.boolean(),
  adminToken: z.boolean(),
  clients: z.array(clientInfoSchema),
})

/** `POST /admin/clients` */
export const addClientSchema = z.strictObject({ name: z.string() })
/** `POST /admin/clients/require` */
export const requireSchema = z.strictObject({ required: z.boolean() })

/** The answer to adding a client or making an admin token: the one time that a token is shown. */
export const newTokenSchema = z.object({ name: z.string(), token: z.string() })

export type ClientInfo = z.infer<typeof clientInfoSchema>
export type ClientList = z.infer<typeof clientListSchema>
export type NewToken = z.infer<typeof newTokenSchema>

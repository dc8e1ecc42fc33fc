import { z } from 'zod'

/** Administration of the relay's Ollama, spoken over its admin socket. Sizes are bytes, contexts tokens. */

export const installedModelSchema = z.object({
  name: z.string(),
  size: z.number().nullable(),
  parameters: z.string().nullable(),
  quantization: z.string().nullable(),
  /** What it sees at once when it is called; null where nobody knows before it is loaded. */
  contextLength: z.number().nullable(),
  /** What it was trained for. */
  maxContextLength: z.number().nullable(),
  hasShortContext: z.boolean(),
  capabilities: z.array(z.string()).nullable(),
  isLoaded: z.boolean(),
  loadedUntil: z.string().nullable(),
  /** Answered by ollama.com. */
  isCloud: z.boolean(),
  /** Clients may use it. */
  isOpen: z.boolean(),
})
export type InstalledModel = z.infer<typeof installedModelSchema>

/** `GET /admin/ollama`; `null` where the relay has none. Also the answer to `POST` and `DELETE` of that path. */
export const ollamaOverviewSchema = z.object({
  ollama: z
    .object({ url: z.string(), localOnly: z.boolean(), open: z.array(z.string()).nullable() })
    .nullable(),
  /** Set when the last change could not be written to config.json. */
  unsaved: z.string().optional(),
})
export type OllamaOverview = z.infer<typeof ollamaOverviewSchema>

/** `GET /admin/ollama/models`, and the answer to `DELETE /admin/ollama/models/NAME`. */
export const installedModelsSchema = z.object({
  url: z.string(),
  localOnly: z.boolean(),
  models: z.array(installedModelSchema),
})
export type InstalledModels = z.infer<typeof installedModelsSchema>

/** A line of the answer to `POST /admin/ollama/pull`; the last one has an error or the status `success`. */
export const pullLineSchema = z.looseObject({
  status: z.string().optional(),
  digest: z.string().optional(),
  total: z.number().optional(),
  completed: z.number().optional(),
  error: z.string().optional(),
  /** Where the relay itself has something to say. */
  relay: z.looseObject({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
})
export type PullLine = z.infer<typeof pullLineSchema>

import { defineErrors } from './define.ts'

/** What a relay says of Ollama as one of its upstreams. */
export const RELAY_OLLAMA_ERRORS = defineErrors({
  'ollama.not-configured': {
    meaning: 'The relay knows no Ollama.',
    recovery: 'user',
    remedy: 'Name it on the relay: run "sovereign ollama use http://ADDRESS:11434" there.',
    status: 404,
  },
  'ollama.path-refused': {
    meaning: 'This part of Ollama is not open to clients.',
    recovery: 'never',
    remedy:
      'Models are pulled and removed on the relay: run "sovereign ollama pull MODEL" or "sovereign ollama remove MODEL" there.',
    status: 403,
  },
  'ollama.model-closed': {
    meaning: 'The owner of the relay keeps this model of Ollama from clients.',
    recovery: 'user',
    remedy: 'Choose one of those in /v1/models, or add it to ollama.models in config.json of the relay.',
    status: 403,
  },
  'ollama.model-missing': {
    meaning: 'Ollama does not have this model.',
    recovery: 'user',
    remedy: 'Load it on the relay with "sovereign ollama pull MODEL", or choose one of those in /v1/models.',
    status: 404,
  },
  'ollama.cloud-refused': {
    meaning: 'Ollama would send this to ollama.com, and the relay is set to stay local.',
    recovery: 'user',
    remedy:
      'Choose a model that runs on the server, or set ollama.local_only to false in config.json of the relay.',
    status: 403,
  },
  'ollama.signed-out': {
    meaning: 'The model is one of ollama.com, and Ollama is not signed in there.',
    recovery: 'user',
    remedy: 'Run "ollama signin" on the machine of Ollama, or choose a model that runs on it.',
    status: 401,
  },
  'ollama.unusable': {
    meaning: 'Something answers where Ollama should be, but not with what the relay needs of it.',
    recovery: 'user',
    remedy: 'Check ollama.url in config.json: host and port of Ollama itself, without /v1 or /api.',
    status: 502,
  },
  'ollama.pull-failed': {
    meaning: 'Ollama could not load a model from its registry.',
    recovery: 'user',
    remedy: 'Check the name of the model, and that the machine of Ollama reaches the registry and has room.',
    status: 502,
  },
})

import { defineErrors } from './define.ts'

/** Failures that a relay answers with, and failures of reaching one. */
export const RELAY_ERRORS = defineErrors({
  'relay.certificate-untrusted': {
    meaning: 'Nobody this computer trusts has signed the TLS certificate of the relay.',
    recovery: 'user',
    remedy:
      'If the certificate is your own, name its CA (or itself) under "ca" of the relay in the settings.',
    status: 502,
  },
  'relay.certificate-expired': {
    meaning: 'The TLS certificate of the relay is not valid at this time.',
    recovery: 'user',
    remedy: 'Renew the certificate on the relay; if it is fresh, set the clock of this computer.',
    status: 502,
  },
  'relay.certificate-name': {
    meaning: 'The TLS certificate of the relay stands for another name.',
    recovery: 'user',
    remedy: 'Use one of the names in the certificate in the URL of the relay, or get one for this name.',
    status: 502,
  },
  'relay.certificate-demanded': {
    meaning: 'The relay asks for a client certificate and did not accept what it got.',
    recovery: 'user',
    remedy: 'Name a certificate that the relay accepts under "cert" and "key" of the relay in the settings.',
    status: 502,
  },
  'relay.tls-failed': {
    meaning: 'No TLS connection to the relay comes about.',
    recovery: 'automatic',
    remedy: 'Check that the relay speaks TLS on this port; if it does not, its URL begins with http://.',
    status: 502,
  },
  'relay.files-unusable': {
    meaning: 'A file that the settings name for the way to the relay cannot be used.',
    recovery: 'user',
    remedy: 'Correct the path or the file; keys and tokens have to be for this user alone.',
    status: 502,
  },
  'relay.unreachable': {
    meaning: 'The relay does not answer.',
    recovery: 'automatic',
    remedy: 'Check on the relay host that "sovereign relay" runs and listens on the configured port.',
    status: 502,
  },
  'relay.switched-off': {
    meaning: 'Somebody has switched the relay off in this bridge; the clients stay connected meanwhile.',
    recovery: 'user',
    remedy: 'Switch it on again on the dashboard, in the menu of the tray, or with "sovereign retry relay".',
    status: 503,
  },
  'relay.not-a-relay': {
    meaning: 'Something answers on the relay port, but it is no Sovereign Bridge relay.',
    recovery: 'user',
    remedy: 'Check the address and the port of the relay in the settings.',
    status: 502,
  },
  'relay.signed-out': {
    meaning: 'The relay has no credential for this upstream.',
    recovery: 'user',
    remedy: 'Sign in: run "sovereign relay login" on the relay, or set its OpenRouter key.',
    status: 401,
  },
  'setup.host-unusable': {
    meaning: 'The request does not say under which address the client reached the relay.',
    recovery: 'never',
    remedy: 'Use the address of the tunnel, such as http://127.0.0.1:8080/setup.',
    status: 400,
  },
  'setup.arguments-invalid': {
    meaning: 'A query of the client set-up has a value that does not exist.',
    recovery: 'never',
    remedy: 'Use one of the values that are named.',
    status: 400,
  },
  'setup.config-invalid': {
    meaning: 'The configuration file of the client cannot be understood, so nothing is changed in it.',
    recovery: 'user',
    remedy: 'Correct the file at the named place, then run the set-up again.',
    status: 422,
  },
  'setup.too-large': {
    meaning: 'The configuration file of the client is larger than any configuration should be.',
    recovery: 'never',
    remedy: 'Check that it is the right file.',
    status: 413,
  },
  'setup.opencode-missing': {
    meaning: 'The bundle does not carry OpenCode for this kind of machine.',
    recovery: 'user',
    remedy: 'Run "sovereign relay bundle --with-opencode npm" on the relay, or ask without OpenCode.',
    status: 404,
  },
  'clients.token-required': {
    meaning: 'The relay asks every client for a token and none came with the request.',
    recovery: 'user',
    remedy: 'Give the client its own token: run "sovereign relay clients add NAME" on the relay.',
    status: 401,
  },
  'clients.token-unknown': {
    meaning: 'The token of the client is not, or no longer, valid.',
    recovery: 'user',
    remedy: 'Make a new token: run "sovereign relay clients add NAME" on the relay.',
    status: 401,
  },
  'clients.name-invalid': {
    meaning: 'A client cannot have this name.',
    recovery: 'user',
    remedy:
      'Use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit; not "unknown", "admin" or "other", which have a meaning in the usage.',
    status: 400,
  },
  'clients.name-taken': {
    meaning: 'There is already a client of this name.',
    recovery: 'user',
    remedy: 'Choose another name, or revoke the old one first.',
    status: 409,
  },
  'clients.too-many': {
    meaning: 'The relay knows as many clients as it can.',
    recovery: 'user',
    remedy: 'Revoke clients that are no longer used.',
    status: 409,
  },
  'clients.not-found': {
    meaning: 'There is no client of this name.',
    recovery: 'user',
    remedy: 'See the names with "sovereign relay clients list".',
    status: 404,
  },
  'clients.request-invalid': {
    meaning: 'A call of the client administration came with a body that does not fit.',
    recovery: 'never',
    remedy: 'Correct what is named.',
    status: 400,
  },
  'clients.file-unusable': {
    meaning: 'The list of clients cannot be read or written, so nobody can be let in by it.',
    recovery: 'user',
    remedy: 'Mend clients.json in the data folder of the relay, or delete it and add the clients again.',
    status: 500,
  },
  'limits.rate-exceeded': {
    meaning: 'The client, or all clients together, sent as many requests within a minute as they may.',
    recovery: 'automatic',
    remedy: 'Wait as long as the Retry-After header says.',
    status: 429,
  },
  'limits.concurrency-exceeded': {
    meaning: 'The client, or all clients together, have as many requests under way as they may.',
    recovery: 'automatic',
    remedy: 'Wait until one of them has ended.',
    status: 429,
  },
  'limits.month-spent': {
    meaning: 'A monthly limit that the owner of the relay has set is used up.',
    recovery: 'user',
    remedy: 'Wait for the next month, or raise the limit on the relay; "sovereign relay limits" shows it.',
    status: 429,
  },
  'usage.month-invalid': {
    meaning: 'The usage of something that is no month was asked for.',
    recovery: 'never',
    remedy: 'Ask with a month such as month=2026-11.',
    status: 400,
  },
  'relay.not-running': {
    meaning: 'No relay runs on this machine, or it runs with another data folder.',
    recovery: 'user',
    remedy:
      'Start one with "sovereign relay", or start the bridge that has one inside. Where it runs with another data folder, name that with --data-dir.',
  },
  'relay.admin-only': {
    meaning: 'This part of the relay is only for its owner.',
    recovery: 'user',
    remedy:
      'Run "sovereign relay login" or "sovereign relay status" on the relay itself, or send its admin token as bearer.',
    status: 403,
  },
  'relay.foreign-request': {
    meaning: 'The request comes from a web page or names a host that is not this relay.',
    recovery: 'user',
    remedy: 'Use http://127.0.0.1 with the port of the tunnel, or add the name to relay.allowed_hosts.',
    status: 403,
  },
  'relay.not-found': {
    meaning: 'The relay has nothing under this path.',
    recovery: 'never',
    remedy:
      'Use /v1/… for all upstreams, /api/v1/… for OpenRouter and /providers/NAME/v1/… for one provider.',
    status: 404,
  },
  'relay.method-not-allowed': {
    meaning: 'The path exists, but not for this method.',
    recovery: 'never',
    remedy: 'Use one of the methods in the Allow header.',
    status: 405,
  },
  'relay.request-malformed': {
    meaning: 'The request breaks the rules of HTTP in a way that could hide another request.',
    recovery: 'never',
    remedy: 'Correct the client that sends it.',
    status: 400,
  },
  'relay.head-too-large': {
    meaning: 'The headers of the request are larger than the relay accepts.',
    recovery: 'never',
    remedy: 'Let the client send fewer or shorter headers.',
    status: 431,
  },
  'relay.request-timeout': {
    meaning: 'A client opened a connection and did not finish its request in time.',
    recovery: 'never',
    remedy: 'Send the request again, all of it.',
    status: 408,
  },
  'relay.body-too-large': {
    meaning: 'The request body is larger than the relay accepts.',
    recovery: 'never',
    remedy: 'Send less at once, or raise relay.max_body_bytes in config.json.',
    status: 413,
  },
  'relay.body-invalid': {
    meaning: 'The request body is not what this path takes.',
    recovery: 'never',
    remedy: 'Send a JSON object.',
    status: 400,
  },
  'relay.body-encoded': {
    meaning: 'The request body is compressed, so the relay cannot look into it.',
    recovery: 'never',
    remedy: 'Send the body without Content-Encoding.',
    status: 415,
  },
  'relay.shutting-down': {
    meaning: 'The relay is about to stop.',
    recovery: 'automatic',
    remedy: 'Try again in a few seconds.',
    status: 503,
  },
  'relay.upstream-unreachable': {
    meaning: 'The relay cannot reach the upstream.',
    recovery: 'automatic',
    remedy: 'Check the internet connection, DNS and firewall of the relay host.',
    status: 502,
  },
  'relay.upstream-timeout': {
    meaning: 'The upstream took the request but did not answer in time.',
    recovery: 'automatic',
    remedy: 'Try again; if it stays so, choose another model.',
    status: 504,
  },
  'relay.stream-truncated': {
    meaning: 'The upstream ended the answer before it was complete.',
    recovery: 'automatic',
    remedy: 'Send the request again; what came so far is not the whole answer.',
    status: 502,
  },
  'relay.stream-stalled': {
    meaning: 'The upstream fell silent in the middle of an answer.',
    recovery: 'automatic',
    remedy: 'Send the request again; what came so far is not the whole answer.',
    status: 504,
  },
  'relay.wrong-endpoint': {
    meaning: 'The model cannot be called on this path.',
    recovery: 'never',
    remedy: 'Call the model on the path that is named.',
    status: 400,
  },
  'relay.count-tokens-unsupported': {
    meaning: 'The upstream cannot count tokens ahead, and a guess would be worse than none.',
    recovery: 'never',
    remedy: 'Nothing to do: clients go on without the count.',
    status: 404,
  },
  'relay.path-refused': {
    meaning: 'This path of the upstream is not open to clients.',
    recovery: 'never',
    remedy: 'Use one of the inference paths; those of OpenRouter can be added in relay.allowed_paths.',
    status: 403,
  },
  'relay.escapes-zdr': {
    meaning: 'The request uses something that zero data retention does not cover.',
    recovery: 'never',
    remedy: 'Leave out plugins, web search, presets and file parts.',
    status: 400,
  },
  'relay.no-zdr-endpoint': {
    meaning: 'No provider offers this model with zero data retention.',
    recovery: 'user',
    remedy:
      'Choose a model listed at /api/v1/endpoints/zdr, or see https://openrouter.ai/settings/privacy for what the account excludes.',
    status: 503,
  },
  'relay.github-unreachable': {
    meaning: 'The relay cannot reach GitHub to renew its Copilot token.',
    recovery: 'automatic',
    remedy: 'Check the internet connection, DNS and firewall of the relay host.',
    status: 502,
  },
  'relay.copilot-refused': {
    meaning: 'GitHub does not give this account a Copilot token.',
    recovery: 'user',
    remedy: 'Check the Copilot plan at https://github.com/settings/copilot, or sign in with another account.',
    status: 403,
  },
  'relay.copilot-blocked': {
    meaning: 'GitHub, or the organisation that manages the account, keeps it from using Copilot.',
    recovery: 'user',
    remedy: 'Ask the administrator of the account, or GitHub support, or sign in with another account.',
    status: 403,
  },
  'relay.signed-out-by-github': {
    meaning: 'GitHub no longer accepts the sign-in of the relay; it was revoked or has ended.',
    recovery: 'user',
    remedy: 'Sign in again: run "sovereign relay login" on the relay.',
    status: 401,
  },
  'relay.key-placeholder': {
    meaning: 'The OpenRouter key in the configuration is a placeholder.',
    recovery: 'user',
    remedy: 'Set a real key: run "sovereign relay login --openrouter-key" on the relay.',
    status: 401,
  },
  'relay.provider-key-missing': {
    meaning: 'The relay has no key for a provider of config.json that is said to have one.',
    recovery: 'user',
    remedy:
      'Set the variable or write the file that is named, or run "sovereign relay providers add" with --key.',
    status: 401,
  },
  'relay.provider-unknown': {
    meaning: 'There is no provider of this name.',
    recovery: 'user',
    remedy: 'See the names with "sovereign relay providers list".',
    status: 404,
  },
  'relay.provider-invalid': {
    meaning: 'A provider cannot be set as it is described.',
    recovery: 'user',
    remedy: 'Correct what is named.',
    status: 400,
  },
  'relay.provider-needed': {
    meaning: 'A provider cannot be removed while models without a prefix go to it.',
    recovery: 'user',
    remedy: 'Set routing.default in config.json to another upstream and start the relay again.',
    status: 409,
  },
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
  'relay.identity-needed': {
    meaning: 'The relay has no client id of its own to sign in to GitHub with.',
    recovery: 'user',
    remedy:
      'Give a fine-grained token with "Copilot Requests" (sovereign relay login --pat), set copilot.client_id to your own app, or choose VS Code\'s at your own risk (sovereign relay login --identity vscode).',
    status: 409,
  },
  'relay.token-unusable': {
    meaning: 'The text is no token or key that the upstream takes.',
    recovery: 'user',
    remedy: 'Copilot takes github_pat_… with "Copilot Requests", gho_… and ghu_…; OpenRouter takes sk-or-….',
    status: 400,
  },
  'relay.sign-in-unknown': {
    meaning: 'There is no such sign-in under way.',
    recovery: 'user',
    remedy: 'Start a new sign-in.',
    status: 404,
  },
  'relay.sign-in-denied': {
    meaning: 'The sign-in was refused in the browser.',
    recovery: 'user',
    remedy: 'Start a new sign-in and choose "Authorize".',
  },
  'relay.sign-in-expired': {
    meaning: 'The code was not entered in time.',
    recovery: 'user',
    remedy: 'Start a new sign-in and enter the code within 15 minutes.',
  },
  'relay.openrouter-refused': {
    meaning: 'OpenRouter did not give the relay a key for a sign-in.',
    recovery: 'user',
    remedy: 'Start a new sign-in, or make a key at https://openrouter.ai/settings/keys and paste it.',
    status: 502,
  },
  'relay.sign-in-impossible': {
    meaning: 'GitHub does not allow this kind of sign-in for this client id.',
    recovery: 'user',
    remedy: 'Check copilot.client_id, and that the device flow is switched on for that app.',
  },
  'relay.config-invalid': {
    meaning: 'The configuration of the relay has a mistake.',
    recovery: 'user',
    remedy: 'Correct the named place; the file was not touched.',
  },
  'relay.config-unwritable': {
    meaning: 'The configuration of the relay cannot be saved.',
    recovery: 'user',
    remedy: 'Make config.json writable for this user; until then a sign-in is lost with the next restart.',
    status: 500,
  },
  'relay.bind-refused': {
    meaning: 'The relay would be open to the network without asking for tokens.',
    recovery: 'user',
    remedy:
      'Keep RELAY_HOST=127.0.0.1, require client tokens (sovereign relay clients require on), or set relay.allow_remote to true.',
  },
  'relay.tls-unusable': {
    meaning: 'The TLS certificate or key of the relay cannot be used.',
    recovery: 'user',
    remedy:
      'Check relay.tls in config.json: PEM files, the key without a passphrase and for this user alone.',
  },
  'relay.already-running': {
    meaning: 'Another relay already uses this data folder.',
    recovery: 'user',
    remedy: 'Stop the other relay, or start this one with another data folder.',
  },
  'upstream.rejected': {
    meaning: 'The upstream finds the request wrong.',
    recovery: 'never',
    remedy: 'Read the message of the upstream; the same request will fail again.',
  },
  'upstream.unauthorized': {
    meaning: 'The upstream does not accept the credential of the relay.',
    recovery: 'user',
    remedy: 'Sign in again: run "sovereign relay login" on the relay.',
  },
  'upstream.quota-exceeded': {
    meaning: 'The account has nothing left to spend.',
    recovery: 'user',
    remedy:
      'Wait for the monthly reset, or set a budget with the upstream (https://github.com/settings/billing).',
  },
  'upstream.forbidden': {
    meaning: 'The account may not do this with the upstream.',
    recovery: 'user',
    remedy:
      'Read the message of the upstream: the plan, a policy of the organisation or the model may be in the way.',
  },
  'upstream.content-filtered': {
    meaning: 'The content filter of the upstream stopped the request.',
    recovery: 'never',
    remedy: 'Change the request.',
  },
  'upstream.dependency-failed': {
    meaning: 'Something that the upstream needs for this request failed.',
    recovery: 'automatic',
    remedy: 'Try again a little later.',
  },
  'upstream.rate-limited': {
    meaning: 'The account sends too much at the moment.',
    recovery: 'automatic',
    remedy:
      'Wait as long as the Retry-After header says; if that is hours, a session or weekly limit is reached.',
  },
  'upstream.client-outdated': {
    meaning: 'The upstream no longer serves this version of the relay.',
    recovery: 'user',
    remedy: 'Update Sovereign Bridge.',
  },
  'upstream.cancelled': {
    meaning: 'The upstream broke off the request.',
    recovery: 'automatic',
    remedy: 'Send the request again.',
  },
  'upstream.overloaded': {
    meaning: 'The upstream cannot serve the request right now.',
    recovery: 'automatic',
    remedy: 'Try again a little later, or choose another model.',
  },
  'install.unsupported': {
    meaning: 'The relay cannot install itself as a service on this kind of machine.',
    recovery: 'user',
    remedy: 'Start "sovereign relay" from whatever keeps programs running there, or use the container image.',
  },
  'install.no-node': {
    meaning: 'The host has no Node that runs a relay, and none could be brought along.',
    recovery: 'user',
    remedy: 'Install Node 24 or later on the host (https://nodejs.org/en/download), then try again.',
  },
  'install.not-ours': {
    meaning: 'A relay runs on the host that somebody else has installed there.',
    recovery: 'user',
    remedy: 'Use it as it is, or stop it first.',
  },
  'install.no-bundle': {
    meaning: 'The file with the relay, which is to be copied to the host, is not at hand.',
    recovery: 'user',
    remedy: 'In a checkout run "npm run build"; otherwise install Sovereign Bridge anew.',
  },
  'install.failed': {
    meaning: 'The service manager refused a step of the installation.',
    recovery: 'user',
    remedy: 'Run the named command by hand on the machine of the relay to see why.',
  },
})

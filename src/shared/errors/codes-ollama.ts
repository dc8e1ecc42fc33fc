import { defineErrors } from './define.ts'

/** An Ollama that somebody wants to reach, and the machine that it runs on. */
export const OLLAMA_ERRORS = defineErrors({
  'ollama.not-running': {
    meaning: 'Nothing answers where Ollama should be.',
    recovery: 'automatic',
    remedy:
      'Start Ollama. If it runs, check OLLAMA_HOST there: it usually listens on port 11434 of 127.0.0.1 only.',
  },
  'ollama.unreachable': {
    meaning: 'The machine of Ollama cannot be reached.',
    recovery: 'automatic',
    remedy: 'Check that the machine is up, that this network reaches it, and that no firewall is in between.',
  },
  'ollama.localhost': {
    meaning: 'localhost means ::1 first on this machine, and Ollama listens on 127.0.0.1 only.',
    recovery: 'user',
    remedy: 'Write 127.0.0.1 in place of localhost.',
  },
  'ollama.wrong-bind': {
    meaning: 'Ollama runs on that machine, but listens on another of its addresses.',
    recovery: 'user',
    remedy:
      'Set OLLAMA_HOST there to the address that is to be reached ("sovereign ollama install --bind ADDRESS" does), or reach it over SSH with "via".',
  },
  'ollama.moved': {
    meaning: 'Ollama runs on that machine, but at another address or port than the one that is asked.',
    recovery: 'user',
    remedy: 'Use the address that OLLAMA_HOST names there.',
  },
  'ollama.no-port': {
    meaning: 'The address names no port, which means port 80 for http:// and 443 for https://.',
    recovery: 'user',
    remedy: 'Name the port in the address; Ollama usually has 11434.',
  },
  'ollama.host-refused': {
    meaning: 'Ollama is reached, but refuses the name by which it is called.',
    recovery: 'user',
    remedy:
      'Use its IP address, localhost, or a name that ends with .local or .internal; Ollama takes no others while it listens on loopback.',
    status: 502,
  },
  'ollama.origin-refused': {
    meaning: 'Ollama refuses the Origin of the request: something on the way adds one.',
    recovery: 'user',
    remedy:
      'Let the proxy before Ollama take the header Origin away, or name that origin, and never *, in OLLAMA_ORIGINS.',
  },
  'ollama.access-denied': {
    meaning: 'Something before Ollama asks for a login.',
    recovery: 'user',
    remedy: 'Use the address of Ollama itself, or one that needs no login.',
    status: 502,
  },
  'ollama.proxy': {
    meaning: 'An HTTP proxy is in the way to Ollama.',
    recovery: 'user',
    remedy:
      'Put the host of Ollama in NO_PROXY of whatever asks it, or take HTTP_PROXY out of that environment.',
  },
  'ollama.busy': {
    meaning: 'Ollama has more requests waiting than its queue holds.',
    recovery: 'automatic',
    remedy: 'Wait, or set OLLAMA_MAX_QUEUE and OLLAMA_NUM_PARALLEL there.',
    status: 503,
  },
  'ollama.silent': {
    meaning: 'Ollama takes the connection and does not answer in time.',
    recovery: 'automatic',
    remedy:
      'Wait if it loads a large model; otherwise look there whether the machine swaps, and restart Ollama.',
  },
  'ollama.vpn-down': {
    meaning: 'The way to Ollama leads through a VPN that is down.',
    recovery: 'automatic',
    remedy: 'Bring the VPN up; if it is, check its endpoint, and that the router still knows this peer.',
  },
  'ollama.firewall': {
    meaning: 'A firewall on the way keeps requests from Ollama.',
    recovery: 'automatic',
    remedy: 'Allow TCP to this address and port on the machine of Ollama and on the router before it.',
  },
  'ollama.not-ollama': {
    meaning: 'Another program answers where Ollama should be.',
    recovery: 'user',
    remedy: 'Check host and port; Ollama usually has port 11434.',
  },
  'ollama.cold': {
    meaning: 'No model is loaded, so the first answer waits until one is.',
    recovery: 'automatic',
    remedy: 'Nothing has to be done; "sovereign ollama warm MODEL" loads a model beforehand.',
  },
  'ollama.short-context': {
    meaning:
      'A model is loaded with less context than coding agents need, who lose the beginning of a conversation.',
    recovery: 'user',
    remedy: 'Set OLLAMA_CONTEXT_LENGTH to 65536 or more where Ollama runs.',
  },
  'ollama.model-failed': {
    meaning: 'Ollama could not pull or load a model.',
    recovery: 'user',
    remedy:
      'Look at the log of Ollama; a model that does not fit into memory needs a smaller one or less context.',
  },
  'ollama-host.bind-refused': {
    meaning: 'Ollama is not to listen on this address.',
    recovery: 'user',
    remedy:
      'Name the one address by which clients reach it, such as --bind 192.168.250.20; Ollama has no login, so its address decides who may use it.',
  },
  'ollama-host.invalid': {
    meaning: 'An option for the Ollama service does not fit.',
    recovery: 'user',
    remedy: 'Correct the option that is named.',
  },
  'ollama-host.needs-root': {
    meaning: 'A service of the machine can only be installed and removed by root.',
    recovery: 'user',
    remedy: 'Run the same command with sudo. Ollama itself will not run as root.',
  },
  'ollama-host.unsupported': {
    meaning: 'This kind of machine has no service manager that is known here.',
    recovery: 'user',
    remedy: 'Use Linux with systemd, or macOS; "serve-config" prints the files for both.',
  },
  'ollama-host.no-binary': {
    meaning: 'The program "ollama" was not found.',
    recovery: 'user',
    remedy:
      'Install it (Linux: curl -fsSL https://ollama.com/install.sh | sh; macOS: brew install ollama), or name it with --binary.',
  },
  'ollama-host.port-taken': {
    meaning: 'Another program has the port on which Ollama is to listen.',
    recovery: 'user',
    remedy: 'Stop that program, or choose another port with --port.',
  },
  'ollama-host.other-service': {
    meaning: 'Another service starts Ollama on this machine.',
    recovery: 'user',
    remedy: 'Stop and remove it first.',
  },
  'ollama-host.too-wide': {
    meaning: 'Something listens on the port of Ollama at more addresses than the one that was asked for.',
    recovery: 'user',
    remedy: 'Stop what listens there; look for OLLAMA_HOST in other drop-ins with "systemctl cat".',
  },
  'ollama-host.no-answer': {
    meaning: 'The service was started, and Ollama does not answer on its address.',
    recovery: 'user',
    remedy: 'Read its log, which "sovereign ollama status" names.',
  },
  'ollama-host.step-failed': {
    meaning: 'A step of the installation on the model host failed; what was done before it was undone.',
    recovery: 'user',
    remedy: 'Run the named command by hand to see why.',
  },
})

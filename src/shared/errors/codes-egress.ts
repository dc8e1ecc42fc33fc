import { defineErrors } from './define.ts'

/** Failures of the proxy, of its ways out, of the tunnel, and of what wakes the tunnel's server. */
export const EGRESS_ERRORS = defineErrors({
  'egress.denied': {
    meaning: 'The proxy may not go there.',
    recovery: 'user',
    remedy: 'If it is a machine of your own, allow its address or network in "egress.allowPrivate".',
    status: 403,
  },
  'egress.dns-failed': {
    meaning: 'The name of the host could not be resolved.',
    recovery: 'automatic',
    remedy: 'Check the spelling of the host, and the DNS of the machine that looks it up.',
    status: 502,
  },
  'egress.refused': {
    meaning: 'The host refused the connection: nothing listens on that port.',
    recovery: 'automatic',
    remedy: 'Check the port, and that the service is running.',
    status: 502,
  },
  'egress.unreachable': {
    meaning: 'There is no way to the host from here, or the connection was lost.',
    recovery: 'automatic',
    remedy: 'Check the network of this machine.',
    status: 502,
  },
  'egress.timeout': {
    meaning: 'The host did not answer in time.',
    recovery: 'automatic',
    remedy: 'Try again; if it stays, a firewall may be dropping the connection.',
    status: 504,
  },
  'egress.bad-answer': {
    meaning: 'What the host answered is not correct HTTP.',
    recovery: 'never',
    remedy:
      'Ask whoever runs the host; the answer was not passed on because programs would read it differently.',
    status: 502,
  },
  'egress.unavailable': {
    meaning: 'The last connections to this host all failed, so it is not tried for a short while.',
    recovery: 'automatic',
    remedy: 'Try again in half a minute.',
    status: 503,
  },
  'proxy.bad-request': {
    meaning: 'A program sent the proxy a request that HTTP does not allow, or that has two meanings.',
    recovery: 'never',
    remedy:
      'Bring the program up to date; the request was not passed on because servers would read it differently.',
    status: 400,
  },
  'proxy.not-http': {
    meaning: 'A program asked the proxy for a URL that it does not fetch itself, such as https: or ftp:.',
    recovery: 'never',
    remedy: 'Let the program use CONNECT for everything but http: URLs.',
    status: 501,
  },
  'proxy.head-too-large': {
    meaning: 'The headers of a request are larger than the proxy takes.',
    recovery: 'never',
    remedy: 'Delete the cookies of that site, or send fewer headers.',
    status: 431,
  },
  'proxy.port-denied': {
    meaning: 'CONNECT was asked for a port that is not among those that it may reach.',
    recovery: 'user',
    remedy: 'If the port is meant, add it to "egress.connectPorts".',
    status: 403,
  },
  'proxy.password-needed': {
    meaning: 'The proxy has a password, and the program sent none or a wrong one.',
    recovery: 'user',
    remedy: 'Give the program the user and password that are in the file of "egress.passwordFile".',
    status: 407,
  },
  'proxy.loop': {
    meaning: 'A request came back to the proxy that had sent it.',
    recovery: 'user',
    remedy:
      'Take the address of the proxy out of what leads there: another proxy, or a name that points here.',
    status: 508,
  },
  'egress.password-unusable': {
    meaning:
      'The password of the proxy cannot be read, or others may read it, so the proxy is closed to everybody.',
    recovery: 'user',
    remedy:
      'Write "user:password" into the file that "passwordFile" names, let only yourself read it, and connect again.',
    status: 503,
  },
  'tunnel.down': {
    meaning: 'The tunnel server cannot be reached, or the connection to it was lost.',
    recovery: 'automatic',
    remedy: 'It is tried again by itself; check the address of the server and its firewall.',
    status: 503,
  },
  'tunnel.not-trusted': {
    meaning: 'The certificate of the tunnel server is not the one that the settings ask for.',
    recovery: 'user',
    remedy: 'Check "ca" and "serverName" of the tunnel; if both are right, somebody is in between.',
    status: 502,
  },
  'tunnel.rejected': {
    meaning: 'The tunnel server does not accept the certificate of this agent.',
    recovery: 'user',
    remedy: 'Issue a new certificate with "sovereign certs issue" and let the server allow its name.',
    status: 502,
  },
  'tunnel.protocol': {
    meaning: 'The other end of the tunnel sent something that its protocol does not have.',
    recovery: 'automatic',
    remedy: 'Bring the agent and the tunnel server to the same version.',
    status: 502,
  },
  'tunnel.full': {
    meaning: 'The tunnel server has as many connections as it may.',
    recovery: 'automatic',
    remedy: 'Try again later, or raise "max_connections" on the server.',
    status: 503,
  },
  'tunnel.config-invalid': {
    meaning: 'The configuration of the tunnel server has a mistake.',
    recovery: 'user',
    remedy: 'Correct what the message names, and start it again.',
  },
  'certs.invalid': {
    meaning: 'A certificate, key, request or revocation list cannot be used.',
    recovery: 'user',
    remedy: 'Look at it with "sovereign certs show", and issue a new one where it is wrong.',
    status: 503,
  },
  'certs.expired': {
    meaning: 'A certificate is past its end, or not valid yet.',
    recovery: 'user',
    remedy: 'Renew it with "sovereign certs renew", and check the clock of this machine.',
    status: 503,
  },
  'certs.exists': {
    meaning:
      'There already is a certificate authority, certificate or key of that name, or a certificate of that key.',
    recovery: 'user',
    remedy: 'Choose another folder or name, or renew what is there.',
  },
  'certs.missing': {
    meaning: 'There is no certificate authority in the folder, or no certificate of that name.',
    recovery: 'user',
    remedy:
      'Make an authority with "sovereign certs init", or look at what there is with "sovereign certs show".',
  },
  'certs.request-invalid': {
    meaning: 'The name, or another part of what a certificate was asked for with, cannot be used.',
    recovery: 'never',
    remedy: 'Correct what is named.',
  },
  'certs.unwritable': {
    meaning: 'A certificate, key or revocation list cannot be saved.',
    recovery: 'user',
    remedy: 'Make room on the disk and the folder writable for this user, or name another folder with --dir.',
  },
  'control.refused': {
    meaning: 'The provider of the tunnel server refused the request.',
    recovery: 'user',
    remedy: 'Check the credentials and rights with which the request is signed.',
    status: 503,
  },
  'control.failed': {
    meaning: 'The provider of the tunnel server could not do what it was asked.',
    recovery: 'automatic',
    remedy: 'Try again; if it stays, look at the provider.',
    status: 503,
  },
  'control.wake-timeout': {
    meaning: 'The tunnel server did not start in time.',
    recovery: 'automatic',
    remedy: 'Try again; if it stays, look at the provider for why it does not start.',
    status: 504,
  },
  'system-proxy.unsupported': {
    meaning: 'The proxy of this system cannot be set from here.',
    recovery: 'user',
    remedy: 'Set the proxy of your programs by hand, or to the address of the PAC file.',
  },
  'system-proxy.failed': {
    meaning: 'The proxy of the system could not be set or put back.',
    recovery: 'user',
    remedy: 'Look at the proxy settings of the system, and set them by hand.',
  },
})

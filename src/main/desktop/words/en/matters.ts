/** What is new, as it stands in the middle of a sentence. */
export const mattersWords = {
  updateAvailable: (version: string) => `version ${version} is available`,
  updateReady: (version: string) => `version ${version} is ready to install`,
  jobFailed: {
    'test-relay': (subject: string) => `the test of the relay on ${subject} has failed`,
    'install-relay': (subject: string) => `the installation on ${subject} has failed`,
    'test-client': (subject: string) => `the test of ${subject} has failed`,
    'set-up-client': (subject: string) => `the set-up of ${subject} has failed`,
  },
  premiumRequests: 'premium requests',
  quotaNear: (what: string) => `the ${what} of this month are nearly used up`,
  quotaSpent: (what: string) => `the ${what} of this month are used up`,
  limitOfRelay: 'the relay',
  limitOfSomebody: 'a client',
  limitNear: (whose: string, unit: string) => `the monthly limit of ${whose} (${unit}) is nearly used up`,
  limitSpent: (whose: string, unit: string) => `the monthly limit of ${whose} (${unit}) is used up`,
}

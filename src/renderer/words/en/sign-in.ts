import type { Ending } from '../../features/sign-in/device-sign-in.ts'

interface EndingWords {
  readonly title: string
  /** What to do next. */
  readonly next: string
}

const endings: Readonly<Record<Ending, EndingWords>> = {
  expired: {
    title: 'The code has run out',
    next: 'Nobody typed it in time, so it is worth nothing any more. Get a new one.',
  },
  denied: {
    title: 'The sign-in was refused at GitHub',
    next: 'Somebody chose “Cancel” on the page. If that was a slip, get a new code and choose “Authorize”.',
  },
  'no-copilot': {
    title: 'This account has no Copilot',
    next: 'GitHub knows the account but gives it no Copilot. Look at its plan, or sign in with another account.',
  },
  blocked: {
    title: 'This account is kept from Copilot',
    next: 'A policy of its organisation, or GitHub itself, stands in the way. Ask the administrator of the account, or sign in with another one.',
  },
  impossible: {
    title: 'GitHub allows no code for this app',
    next: 'If it is an app of your own, switch its device flow on and check copilot.client_id on the relay. Or choose another way.',
  },
  forgotten: {
    title: 'The relay no longer knows this sign-in',
    next: 'It was started anew in the meantime. The old code signs nobody in; get a new one.',
  },
  network: {
    title: 'The relay cannot be reached, or cannot reach GitHub',
    next: 'Nothing is lost. Check the network, then try again.',
  },
  disconnected: {
    title: 'The bridge is disconnected',
    next: 'The relay is behind it. Connect, then try again.',
  },
  failed: {
    title: 'The sign-in did not work',
    next: 'What is said below is the reason.',
  },
}

export const signInWords = {
  title: 'Sign in',
  /** The place of the relay follows. */
  lead: 'The relay keeps the sign-in and uses it for all your machines. Nothing of it is kept here.',
  back: 'Back',
  close: 'Close',
  done: 'Done',
  ways: 'Way to sign in',
  copilot: 'GitHub Copilot',
  token: 'GitHub token',
  openrouter: 'OpenRouter',

  status: 'At the relay',
  statusUnknown: 'Not known yet',
  asking: 'Asking the relay…',
  askFailed: 'The relay cannot be asked who is signed in',
  signedIn: 'Signed in',
  signedOut: 'Not signed in',
  hasKey: 'Has a key',
  noKey: 'No key',
  hasProblem: 'Signed in, but',
  identity: { own: 'as Sovereign Bridge', vscode: 'as VS Code' } as Readonly<Record<string, string>>,
  unsaved: 'The relay could not write this down. It lasts until the relay is started anew.',
  signOut: 'Sign out',
  forgetKey: 'Forget key',
  signOutTitle: 'Sign out of GitHub Copilot?',
  signOutText:
    'The relay forgets the sign-in at once. Every machine that uses it gets no answers from Copilot until somebody signs in again.',
  forgetKeyTitle: 'Forget the OpenRouter key?',
  forgetKeyText:
    'The relay forgets the key at once, and requests to OpenRouter fail. The key itself stays valid at OpenRouter.',
  signOutFailed: 'It is still signed in',
  cancel: 'Cancel',

  steps: {
    label: 'How it goes',
    code: 'You get a short code here.',
    page: 'You type it at GitHub, in your own browser, where you are signed in.',
    wait: 'This window notices by itself. Leave it open until then.',
  },
  getCode: 'Get a code',
  getNewCode: 'Get a new code',
  gettingCode: 'Getting a code…',
  otherIdentity: 'Sign in as another app…',
  tryAgain: 'Try again',
  connect: 'Connect',
  connectFailed: 'Could not connect',
  copilotSettings: 'Copilot settings at GitHub',

  code: 'Your code',
  copyCode: 'Copy code',
  openPage: (host: string) => `Open ${host}`,
  openFailed: 'The browser could not be opened',
  openByHand: 'Open this address yourself:',
  copyAddress: 'Copy address',
  opensIn: 'opens in your browser',
  waiting: 'Waiting for you to type the code at GitHub',
  slowed: (pause: string) => `GitHub asks for patience: it is now asked every ${pause}.`,
  resumed: 'While you were away nobody asked GitHub. It is being asked again.',
  trouble: 'The relay does not answer at the moment. The code stays good and it is tried again.',
  troubleDisconnected:
    'The bridge is disconnected, so nobody can ask GitHub. Connect before the code runs out.',
  timeLeft: 'Time left',
  timeLeftIs: (clock: string) => `Good for ${clock}`,
  timeNote: 'The code is good for some minutes. You are told when it has run out.',
  onlyYou: 'Only go on if you began this sign-in yourself, just now.',
  onlyYouText:
    'Whoever has the code can let somebody else use your account. Nobody from GitHub will ever ask you for one.',
  notGithub: 'This is not a page of GitHub',
  notGithubText: (address: string) =>
    `The relay names ${address} as the place for the code. Do not type it there; stop, and look into that relay.`,
  stop: 'Stop',
  stopped: 'Stopped',
  stoppedText: 'Nobody waits for this code any more, so it signs nobody in. You can leave this page.',
  succeeded: 'Signed in to GitHub Copilot',
  succeededText: 'The relay has tried it out and keeps it.',
  endings,

  chooseTitle: 'As whom should the relay sign in?',
  chooseText: 'GitHub gives codes only to apps that it knows, and this relay has none of its own yet.',
  chooseTried: 'The relay still has no app of its own.',
  recommended: 'Honest and simple',
  withToken: 'With a token of yours',
  withTokenText:
    'You make a token at GitHub that may do one thing, Copilot requests. Says openly that it is Sovereign Bridge. Fewer models on some plans.',
  useToken: 'Use a token',
  asOwn: 'As an app of your own',
  asOwnText:
    'You register a GitHub or OAuth app with the device flow switched on, and put its client id into the config.json of the relay as copilot.client_id. Says openly that it is Sovereign Bridge.',
  useOwn: 'Use my app',
  asVscode: 'As VS Code',
  risk: 'At your own risk',
  asVscodeText:
    'Borrows the client id and the headers of the VS Code extension, and gets the widest list of models. GitHub says that this is not meant for other tools and may lead to suspension; accounts have been warned. Nobody can promise that yours will not be.',
  useVscode: 'Go on as VS Code',

  tokenLead: 'Make a fine-grained token at GitHub, and give it one permission and no repository:',
  tokenPermission: 'Account permissions → Copilot Requests → Read-only',
  tokenPage: 'Make one at GitHub',
  tokenLabel: 'Token',
  tokenHint: 'Begins with github_pat_. Tokens that begin with ghp_ do not work.',
  tokenClassic: 'This is a classic token, which Copilot does not take. It needs a fine-grained one.',
  tokenIsKey: 'This is an OpenRouter key. It belongs under “OpenRouter”.',
  giveToken: 'Give it to the relay',
  givingToken: 'The relay tries it out…',
  tokenFailed: 'The relay did not take the token',
  tokenTaken: 'The relay has taken the token',
  tokenTakenText: 'It is on the relay now, and nowhere on this page.',

  keyLead: 'One account with models of many makers. The relay asks it for zero data retention.',
  keyBrowser: 'Sign in at OpenRouter',
  keyBrowserText:
    'OpenRouter makes a key for the relay, which gets it by itself. You can take it back there at any time.',
  keyStart: 'Sign in at OpenRouter…',
  keyWaiting: 'Waiting for OpenRouter',
  keyWaitingText: 'Agree on the page that you opened. This window notices by itself.',
  keyStartFailed: 'OpenRouter could not be asked',
  notOpenrouter: (address: string) => `${address} is not a page of OpenRouter, so it is not opened.`,
  or: 'or',
  keyLabel: 'Key',
  keyHint: 'Begins with sk-or-.',
  keyWrong: 'Keys of OpenRouter begin with sk-or-.',
  keyPage: 'Your keys at OpenRouter',
  giveKey: 'Give it to the relay',
  keyFailed: 'The relay did not take the key',
  keyTaken: 'The relay has a key for OpenRouter',
  keyTakenText: 'It is on the relay now, and nowhere on this page.',
}

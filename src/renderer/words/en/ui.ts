export const uiWords = {
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  copyRefused: 'Could not copy',
  now: 'now',
  justNow: 'just now',
  ago: (duration: string) => `${duration} ago`,
}

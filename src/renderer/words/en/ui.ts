export const uiWords = {
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  copyRefused: 'Could not copy',
  now: 'now',
  justNow: 'just now',
  filter: 'Filter',
  filterHint: 'Part of a name',
  shown: (shown: number, all: number) =>
    `${shown.toLocaleString('en-GB')} of ${all.toLocaleString('en-GB')} shown`,
  showMore: (count: number) => `Show ${count.toLocaleString('en-GB')} more`,
  noMatch: 'Nothing matches.',
  ago: (duration: string) => `${duration} ago`,
}

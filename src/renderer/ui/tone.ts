/**
 * How something is, for the eye. `quiet` is off or unknown, `busy` mends or moves by itself, `ask` needs a person,
 * `bad` does not work. A tone is always shown with its icon and a word.
 */
export type Tone = 'good' | 'busy' | 'ask' | 'bad' | 'quiet'

export const APP_SCHEME = 'app'
/** Whence our windows come, and nothing else ever does. */
export const APP_ORIGIN = `${APP_SCHEME}://sovereign`

/**
 * The `Host` that a client sent to a bridge which then names the relay itself in `Host`, as it does on its way to a
 * relay at a URL. The relay honours it only for names of loopback and those in relay.allowed_hosts, so that who
 * forges it reaches nothing but a wrong address in their own set-up.
 */
export const BASE_HOST_HEADER = 'x-sovereign-base-host'

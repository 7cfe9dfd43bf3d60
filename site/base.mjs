/** Path below which the site is served: MEMKIT_SITE_BASE, such as /memkit/, or the root of a host. */
export const base = process.env['MEMKIT_SITE_BASE'] || '/'

/** What observers call this door. */
export const HTTP = 'http';

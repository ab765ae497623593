/** What observers call this door. */
export const RESP = 'resp';

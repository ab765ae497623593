/** Headers of every answer: name, value, name, value. */
export const COMMON_HEADERS: readonly string[] = [
  // Nobody on the way keeps what may have changed, or makes something else of it.
  'Cache-Control',
  'no-store, no-transform',
  // A browser that is led here takes no value for a script or a page.
  'X-Content-Type-Options',
  'nosniff',
];

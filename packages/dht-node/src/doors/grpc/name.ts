/** What observers call this door. */
export const GRPC = 'grpc';

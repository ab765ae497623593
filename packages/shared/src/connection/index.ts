/**
 * The part of the runtime that whoever only talks to a ring needs: no server, no logger, no reflection. An application
 * that imports the client loads this and not the rest.
 */

export * from '../runtime/addresses';
export * from '../runtime/bytes';
export * from '../runtime/cancel-soon';
export * from '../runtime/channels';
export * from '../runtime/stackless-error';
export { causeOf } from '../runtime/status-cause';
export { NO_TLS, type TlsMaterial } from '../runtime/tls-files';

import './missing-globals';

export * as dht from './generated/dht';
export * as registry from './generated/registry';
export { fileDescriptorSetBase64 } from './generated/descriptor';
export * from './history-conversion';
export * from './node-protocol';
export * from './reply-codec';
export * from './request-codec';
export * from './ring-conversion';
export * from './watch-codec';

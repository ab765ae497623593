export * as dht from './generated/dht';
export * as registry from './generated/registry';
export { fileDescriptorSetBase64 } from './generated/descriptor';
export * from './batch-codec';
export * from './ring-conversion';

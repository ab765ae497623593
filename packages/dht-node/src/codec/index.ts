export * from './record-codec';
export * from './replica-codec';

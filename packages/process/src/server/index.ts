export * from './endpoint';
export * from './grpc-server';
export * from './inflow';
export * from './port-use';
export * from './reflection-and-health';

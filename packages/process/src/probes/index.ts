export * from './health-question';
export * from './identify-node';
export * from './what-answers';

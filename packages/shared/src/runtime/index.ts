export * from './bytes';
export * from './folder-lock';

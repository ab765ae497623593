import { MemoryStorage } from '../../src/storage';
import { describeNodeStorage } from './conformance';

describeNodeStorage('memory', async () => ({
  name: 'memory',
  lasting: false,
  open: async () => new MemoryStorage(),
  dispose: async () => undefined,
}));

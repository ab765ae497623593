import { limited, type Logger } from '@ringkeep/process/running';

afterEach(() => jest.useRealTimers());

test('of each text a few lines are said in a period, and at its end how many more there were', () => {
  jest.useFakeTimers();
  const lines: string[] = [];
  const say = (text: string): void => void lines.push(text);
  const log: Logger = limited({ error: say, warn: say, info: say, debug: say, child: () => log }, 1_000);
  for (let i = 0; i < 100; i++) log.warn('broken');
  log.error('other');
  log.info('calm');
  expect(lines).toEqual([...Array<string>(5).fill('broken'), 'other', 'calm']);
  lines.length = 0;
  jest.advanceTimersByTime(1_000);
  expect(lines).toEqual(['broken: 95 times more']);
  log.warn('broken');
  jest.advanceTimersByTime(1_000);
  expect(lines).toEqual(['broken: 95 times more', 'broken']);
});

import { DEFAULT_CONFIG, checkConfig, type RegistryConfig } from '../../src/core';

const DAY_MS = 24 * 3_600_000;

test.each<[keyof RegistryConfig, number, number]>([
  ['forgetAfterMs', 100, 7 * DAY_MS],
  ['returnWaitMs', 0, 60_000],
  ['historyChangesMax', 0, 100_000],
])('%s is an integer within its bounds, which are allowed themselves', (name, least, most) => {
  for (const value of [least, most]) {
    const config = { ...DEFAULT_CONFIG, [name]: value };
    expect(checkConfig(config)).toBe(config);
  }
  for (const value of [least - 1, most + 1, least + 0.5, NaN]) {
    expect(() => checkConfig({ ...DEFAULT_CONFIG, [name]: value })).toThrow(
      `${name} must be an integer from ${least} to ${most}, got ${value}`,
    );
  }
});

test('a placement is one of those that there are', () => {
  const placement = 'random' as RegistryConfig['placement'];
  expect(() => checkConfig({ ...DEFAULT_CONFIG, placement })).toThrow('placement must be one of');
});

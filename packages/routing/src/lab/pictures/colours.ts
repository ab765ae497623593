/** One colour for each scheme and each placement, the same in all pictures. */

import { PALETTE } from '@ringkeep/shared/pictures';

export const COLOURS = {
  'one-hop': PALETTE.green,
  neighbours: PALETTE.purple,
  chord: PALETTE.blue,
  pastry: PALETTE.vermilion,
  hash: PALETTE.blue,
  balanced: PALETTE.vermilion,
  virtual: PALETTE.green,
  theory: PALETTE.grey,
} as const;

import { METER_CASES, ReadableMeter } from '../../src/meter';

test.each(METER_CASES)('$title', ({ run }) => {
  const meter = new ReadableMeter();
  run(meter, () => meter.read());
});

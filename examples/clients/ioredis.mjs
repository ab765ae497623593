/** First steps with ioredis. */
import { Redis } from 'ioredis';

const [address = '127.0.0.1:50101'] = process.argv.slice(2);
const redis = new Redis(`redis://${address}`);

await redis.del('ioredis/city', 'ioredis/visits');
await redis.set('ioredis/city', 'Porto', 'EX', 3600);
console.log(await redis.get('ioredis/city')); // Porto

const counts = await redis.pipeline().incr('ioredis/visits').incr('ioredis/visits').exec();
console.log(counts.map(([, count]) => count).join(' ')); // 1 2

// Keys that change together have one tag, what is in braces.
await redis.mset('{ioredis}anna', 100, '{ioredis}bert', 20);
const paid = await redis.multi().decrby('{ioredis}anna', 30).incrby('{ioredis}bert', 30).exec();
console.log(paid.map(([, left]) => left).join(' ')); // 70 50

const keys = [];
for await (const page of redis.scanStream({ match: 'ioredis/*' })) keys.push(...page);
console.log(keys.sort().join(' ')); // ioredis/city ioredis/visits
redis.disconnect();

/** First steps with node-redis. */
import { createClient } from 'redis';

const [address = '127.0.0.1:50101'] = process.argv.slice(2);
const redis = await createClient({ url: `redis://${address}` }).connect();

await redis.del(['node-redis/city', 'node-redis/visits']);
await redis.set('node-redis/city', 'Porto', { expiration: { type: 'EX', value: 3600 } });
console.log(await redis.get('node-redis/city')); // Porto

// What is asked without waiting goes as one pipeline.
const counts = await Promise.all([redis.incr('node-redis/visits'), redis.incr('node-redis/visits')]);
console.log(counts.join(' ')); // 1 2

// Keys that change together have one tag, what is in braces.
await redis.mSet({ '{node-redis}anna': '100', '{node-redis}bert': '20' });
const paid = await redis.multi().decrBy('{node-redis}anna', 30).incrBy('{node-redis}bert', 30).exec();
console.log(paid.join(' ')); // 70 50

const keys = [];
for await (const page of redis.scanIterator({ MATCH: 'node-redis/*' })) keys.push(...page);
console.log(keys.sort().join(' ')); // node-redis/city node-redis/visits
redis.destroy();

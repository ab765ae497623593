"""First steps with redis-py (pip install redis)."""
import sys

import redis

host, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50101").rsplit(":", 1)
ring = redis.Redis(host=host, port=int(port), decode_responses=True)

ring.delete("redis-py/city", "redis-py/visits")
ring.set("redis-py/city", "Porto", ex=3600)
print(ring.get("redis-py/city"))  # Porto

counts = ring.pipeline(transaction=False).incr("redis-py/visits").incr("redis-py/visits").execute()
print(*counts)  # 1 2

# Keys that change together have one tag, what is in braces.
ring.mset({"{redis-py}anna": 100, "{redis-py}bert": 20})
paid = ring.pipeline().decrby("{redis-py}anna", 30).incrby("{redis-py}bert", 30).execute()
print(*paid)  # 70 50

print(*sorted(ring.scan_iter("redis-py/*")))  # redis-py/city redis-py/visits

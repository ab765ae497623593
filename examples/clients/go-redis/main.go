// First steps with go-redis.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/redis/go-redis/v9"
)

func main() {
	address := "127.0.0.1:50101"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	ctx := context.Background()
	ring := redis.NewClient(&redis.Options{Addr: address})
	defer ring.Close()

	must(ring.Del(ctx, "go-redis/city", "go-redis/visits").Err())
	must(ring.Set(ctx, "go-redis/city", "Porto", time.Hour).Err())
	fmt.Println(ring.Get(ctx, "go-redis/city").Val()) // Porto

	piped := ring.Pipeline()
	one, two := piped.Incr(ctx, "go-redis/visits"), piped.Incr(ctx, "go-redis/visits")
	_, err := piped.Exec(ctx)
	must(err)
	fmt.Println(one.Val(), two.Val()) // 1 2

	// Keys that change together have one tag, what is in braces.
	must(ring.MSet(ctx, "{go-redis}anna", 100, "{go-redis}bert", 20).Err())
	paid := ring.TxPipeline()
	anna, bert := paid.DecrBy(ctx, "{go-redis}anna", 30), paid.IncrBy(ctx, "{go-redis}bert", 30)
	_, err = paid.Exec(ctx)
	must(err)
	fmt.Println(anna.Val(), bert.Val()) // 70 50

	var keys []string
	for scan := ring.Scan(ctx, 0, "go-redis/*", 100).Iterator(); scan.Next(ctx); {
		keys = append(keys, scan.Val())
	}
	sort.Strings(keys)
	fmt.Println(keys[0], keys[1]) // go-redis/city go-redis/visits
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Go's side of ../micro/tasks.cc and chans.cc: the same workloads, counts and output.
//
//	micro [NAME...]    RUNS and GOMAXPROCS from the environment
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

type figure struct {
	name, unit string
	value      float64
}

type workload struct {
	name  string
	count int
	run   func(name string, count int) []figure
}

// each is the time since start divided by count, in nanoseconds.
func each(name string, start time.Time, count int) []figure {
	return []figure{{name, "ns", float64(time.Since(start).Nanoseconds()) / float64(count)}}
}

func spawnJoin(name string, count int) []figure {
	done := make(chan struct{})
	start := time.Now()
	for i := 0; i < count; i++ {
		go func() { done <- struct{}{} }()
		<-done
	}
	return each(name, start, count)
}

// crew starts n goroutines that run body, and waits for them.
func crew(n int, body func()) {
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			body()
			all.Done()
		}()
	}
	all.Wait()
}

func spawnMany(name string, count int) []figure {
	var all sync.WaitGroup
	all.Add(count)
	start := time.Now()
	for i := 0; i < count; i++ {
		go func() { all.Done() }()
	}
	all.Wait()
	return each(name, start, count)
}

func yieldPair(name string, count int) []figure {
	start := time.Now()
	crew(2, func() {
		for i := 0; i < count/2; i++ {
			runtime.Gosched()
		}
	})
	return each(name, start, count)
}

func mutex2(name string, count int) []figure {
	var lock sync.Mutex
	guarded := 0
	start := time.Now()
	crew(2, func() {
		for i := 0; i < count/2; i++ {
			lock.Lock()
			guarded++
			lock.Unlock()
		}
	})
	if guarded != count/2*2 {
		panic("an increment was lost")
	}
	return each(name, start, count)
}

func unbuffered(name string, count int) []figure {
	there, back := make(chan int), make(chan int)
	start := time.Now()
	go func() {
		for i := 0; i < count; i++ {
			back <- <-there
		}
	}()
	for i := 0; i < count; i++ {
		there <- i
		if <-back != i {
			panic("another value came back")
		}
	}
	return each(name, start, count)
}

func buffered(name string, count int) []figure {
	c := make(chan int, 128)
	start := time.Now()
	go func() {
		for i := 0; i < count; i++ {
			c <- i
		}
	}()
	for i := 0; i < count; i++ {
		if <-c != i {
			panic("out of order")
		}
	}
	return each(name, start, count)
}

func manyToMany(name string, count int) []figure {
	const sides = 4
	c := make(chan int, 128)
	var all sync.WaitGroup
	all.Add(2 * sides)
	start := time.Now()
	for k := 0; k < sides; k++ {
		go func() {
			for i := 0; i < count/sides; i++ {
				c <- i
			}
			all.Done()
		}()
		go func() {
			for i := 0; i < count/sides; i++ {
				<-c
			}
			all.Done()
		}()
	}
	all.Wait()
	return each(name, start, count)
}

func select2(name string, count int) []figure {
	even, odd := make(chan int), make(chan int)
	start := time.Now()
	go func() {
		for i := 0; i < count; i++ {
			if i%2 == 0 {
				even <- i
			} else {
				odd <- i
			}
		}
	}()
	sum := 0
	for i := 0; i < count; i++ {
		select {
		case v := <-even:
			sum += v
		case v := <-odd:
			sum += v
		}
	}
	if sum != count*(count-1)/2 {
		panic("a value was lost")
	}
	return each(name, start, count)
}

func skynetNode(up chan int, number, leaves int) {
	if leaves == 1 {
		up <- number
		return
	}
	below := make(chan int)
	for i := 0; i < 10; i++ {
		go skynetNode(below, number+i*(leaves/10), leaves/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-below
	}
	up <- sum
}

func skynet(name string, count int) []figure {
	top := make(chan int)
	start := time.Now()
	go skynetNode(top, 0, count)
	if <-top != count*(count-1)/2 {
		panic("wrong sum")
	}
	return []figure{{name, "ms", float64(time.Since(start).Nanoseconds()) / 1e6}}
}

func ring(name string, count int) []figure {
	const laps = 20
	c := make([]chan int, count+1)
	for i := range c {
		c[i] = make(chan int)
	}
	var up sync.WaitGroup
	up.Add(count)
	for i := 0; i < count; i++ {
		go func(in, out chan int) {
			up.Done()
			for lap := 0; lap < laps; lap++ {
				out <- <-in
			}
		}(c[i], c[i+1])
	}
	up.Wait()
	start := time.Now()
	for lap := 0; lap < laps; lap++ {
		c[0] <- lap
		if <-c[count] != lap {
			panic("another value came round")
		}
	}
	return each(name, start, count*laps)
}

func sleepers(n, sleeps int, d time.Duration) {
	crew(n, func() {
		for i := 0; i < sleeps; i++ {
			time.Sleep(d)
		}
	})
}

func sleep1us(name string, count int) []figure {
	start := time.Now()
	sleepers(count/20, 20, time.Microsecond)
	return each(name, start, count)
}

func sleep10ms(name string, count int) []figure {
	start := time.Now()
	sleepers(count, 10, 10*time.Millisecond)
	return []figure{{name, "ms", float64(time.Since(start).Nanoseconds()) / 1e6}}
}

// weigh returns resident and page table bytes.
func weigh() (resident, tables float64) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(words[1], 64)
		switch words[0] {
		case "VmRSS:":
			resident = kib * 1024
		case "VmPTE:":
			tables = kib * 1024
		}
	}
	return
}

func mem(name string, count int) []figure {
	var up sync.WaitGroup
	up.Add(count)
	stop := make(chan struct{})
	resident, tables := weigh()
	for i := 0; i < count; i++ {
		go func() {
			up.Done()
			<-stop
		}()
	}
	up.Wait()
	residentNow, tablesNow := weigh()
	close(stop)
	n := float64(count)
	return []figure{{name, "B", (residentNow - resident) / n}, {name + "_pte", "B", (tablesNow - tables) / n}}
}

func median(v []float64) float64 {
	sort.Float64s(v)
	return v[len(v)/2]
}

func measure(w workload) {
	runs, err := strconv.Atoi(os.Getenv("RUNS"))
	if err != nil || runs < 1 {
		runs = 3
	}
	if w.name == "mem" {
		runs = 1
	}
	var results []figure
	values := map[string][]float64{}
	for r := 0; r < runs; r++ {
		results = w.run(w.name, w.count)
		for _, f := range results {
			values[f.name] = append(values[f.name], f.value)
		}
	}
	for _, f := range results {
		fmt.Printf("%s %.4g %s\n", f.name, median(values[f.name]), f.unit)
	}
}

func main() {
	all := []workload{
		{"yield_pair", 1000000, yieldPair},
		{"spawn_join", 100000, spawnJoin},
		{"spawn_10k", 10000, spawnMany},
		{"mutex2", 2000000, mutex2},
		{"mutex2_rt", 2000000, mutex2},
		{"sleep_1us", 20000, sleep1us},
		{"sleep_10ms", 10000, sleep10ms},
		{"mem", 1000000, mem},
		{"chan_unbuf", 200000, unbuffered},
		{"chan_buf128", 1000000, buffered},
		{"chan_mpmc", 400000, manyToMany},
		{"select2", 200000, select2},
		{"skynet_1M", 1000000, skynet},
		{"ring_10k", 10000, ring},
	}
	wanted := map[string]bool{}
	for _, name := range os.Args[1:] {
		wanted[name] = true
	}
	for _, w := range all {
		if len(wanted) == 0 || wanted[w.name] {
			measure(w)
		}
	}
}

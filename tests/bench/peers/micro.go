// Go's side of ../micro/tasks.cc: the same workloads, counts and output.
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
		{"sleep_1us", 20000, sleep1us},
		{"sleep_10ms", 10000, sleep10ms},
		{"mem", 1000000, mem},
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

// Goroutines, channels, a map, a recovered panic, garbage, and the race-free sum of it all.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
)

func worker(jobs <-chan int, results chan<- int, done *sync.WaitGroup) {
	defer done.Done()
	for job := range jobs {
		sum := 0
		for _, word := range strings.Fields(strings.Repeat("a bc def ", job)) {
			sum += len(word)
		}
		results <- sum
	}
}

func recovered(n int) (text string) {
	defer func() {
		if problem := recover(); problem != nil {
			text = fmt.Sprint("recovered: ", problem)
		}
	}()
	var empty []int
	return fmt.Sprint(empty[n])
}

func main() {
	jobs, results := make(chan int), make(chan int)
	var done sync.WaitGroup
	for i := 0; i < 4; i++ {
		done.Add(1)
		go worker(jobs, results, &done)
	}
	go func() {
		for i := 1; i <= 200; i++ {
			jobs <- i
		}
		close(jobs)
		done.Wait()
		close(results)
	}()
	counts := map[int]int{}
	for result := range results {
		counts[result%7]++
	}
	keys := []int{}
	for key := range counts {
		keys = append(keys, key)
	}
	sort.Ints(keys)
	for _, key := range keys {
		fmt.Println(key, counts[key])
	}
	fmt.Println(recovered(5))
	var nothing *os.File
	func() {
		defer func() { fmt.Println(recover() != nil) }()
		fmt.Println(*(*int)(nil), nothing)
	}()
	os.Exit(4)
}

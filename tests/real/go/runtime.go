// Goroutines on many threads, preemption by signals, nil dereferences as panics, deep stacks, garbage, os/exec,
// os/signal, an HTTP server on loopback.
// packages: golang-go
// prepare: GO111MODULE=off GOCACHE="$PWD/cache" go build -o program "$CASE" && rm -r cache
// run: ./program
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func deep(n int) int {
	var space [64]byte
	if n == 0 {
		return int(space[3])
	}
	return 1 + deep(n-1) + int(space[n%64])
}

func caught(f func()) (message string) {
	defer func() { message = fmt.Sprint(recover()) }()
	f()
	return
}

func main() {
	runtime.GOMAXPROCS(4)
	var group sync.WaitGroup
	results := make(chan int, 1000)
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(n int) { defer group.Done(); results <- n * n }(i)
	}
	group.Wait()
	close(results)
	sum := 0
	for r := range results {
		sum += r
	}
	fmt.Println(sum)

	stop := make(chan bool)
	go func() {
		for x := 0; ; x++ { // never yields by itself
			if x < 0 {
				stop <- true
			}
		}
	}()
	time.Sleep(20 * time.Millisecond)
	for i := 0; i < 5; i++ {
		runtime.GC()
	}
	fmt.Println(tree(14).count(), deep(100000))

	nils := map[string]int{}
	for i := 0; i < 2000; i++ {
		var n *node
		array := []int{1, 2, 3}
		zero := i - i
		nils[caught(func() { _ = n.left.left })]++
		nils[caught(func() { _ = array[i%3+3] })]++
		nils[caught(func() { _ = i / zero })]++
	}
	keys := []string{}
	for k := range nils {
		keys = append(keys, fmt.Sprint(k, nils[k]))
	}
	sort.Strings(keys)
	fmt.Println(strings.Join(keys, "; "))
	debug.SetPanicOnFault(true)
	fmt.Println(caught(func() { panic(errors.New("own")) }))

	arrived := make(chan os.Signal, 10)
	signal.Notify(arrived, syscall.SIGUSR1, syscall.SIGSEGV)
	for i := 0; i < 5; i++ {
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		fmt.Println(<-arrived)
	}
	for i := 0; i < 5; i++ {
		out, err := exec.Command("sh", "-c", fmt.Sprintf("echo %d; exit %d", i*i, i)).Output()
		fmt.Printf("%q %v\n", out, err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %x", r.URL.Path, sha256.Sum256(body))
	}))
	answers := make([]string, 20)
	for i := range answers {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			response, err := http.Post(fmt.Sprint(server.URL, "/", i), "text/plain", bytes.NewReader(make([]byte, i*1000)))
			if err == nil {
				text, _ := io.ReadAll(response.Body)
				answers[i] = string(text)
			}
		}(i)
	}
	group.Wait()
	server.Close()
	text, _ := json.Marshal(answers)
	fmt.Printf("%x\n", sha256.Sum256(text))
	var n *node
	defer fmt.Println("deferred")
	os.Exit(len(caught(func() { n.count() })) % 256)
}

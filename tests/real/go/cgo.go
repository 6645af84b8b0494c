// C called from Go and Go called from C, C threads that call into Go, C that raises signals.
// packages: golang-go gcc
// prepare: mkdir gopath; GO111MODULE=off GOPATH="$PWD/gopath" GOCACHE="$PWD/cache" go build -o program "$CASE" && rm -r cache
// run: ./program
package main

/*
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#cgo LDFLAGS: -lpthread
extern int fromC(int);
extern int compareInGo(void*, void*);
static int twice(int n) { return fromC(fromC(n)); }
static int compare(const void* a, const void* b) { return compareInGo((void*)a, (void*)b); }
static void sort_ints(int* p, int n) { qsort(p, n, sizeof *p, compare); }
static void* in_thread(void* p) { return (void*)(long)fromC((int)(long)p); }
static long thread_sum(int n) {
  pthread_t t[50]; long sum = 0;
  for (int i = 0; i < n; ++i) pthread_create(&t[i], 0, in_thread, (void*)(long)i);
  for (int i = 0; i < n; ++i) { void* r; pthread_join(t[i], &r); sum += (long)r; }
  return sum;
}
static void raise_usr1(void) { raise(SIGUSR1); }
*/
import "C"
import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"
)

//export fromC
func fromC(n C.int) C.int { return n*3 + 1 }

//export compareInGo
func compareInGo(a, b unsafe.Pointer) C.int { return *(*C.int)(a) - *(*C.int)(b) }

func main() {
	fmt.Println(C.twice(5))
	values := make([]C.int, 3000)
	for i := range values {
		values[i] = C.int(i * 7919 % 3001)
	}
	C.sort_ints(&values[0], C.int(len(values)))
	fmt.Println(values[0], values[1500], values[2999])
	var group sync.WaitGroup
	sums := make([]C.long, 6)
	for i := range sums {
		group.Add(1)
		go func(i int) { defer group.Done(); sums[i] = C.thread_sum(C.int(10 + i)) }(i)
	}
	group.Wait()
	fmt.Println(sums)
	arrived := make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGUSR1)
	C.raise_usr1()
	fmt.Println(<-arrived)
	panic("the end")
}

// run: setarch -R %
// hazard: 6.2 6.5
// Hazard: a Go program looks at itself: the strings of its initial stack, the auxiliary vector,
// arguments, environment, named mappings, descriptors; return addresses by runtime.Callers.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
)

func read(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
	}
	return text
}

func printHash(path string) {
	fmt.Printf("%s: %x\n", path, sha256.Sum256(read(path)))
}

// Prints the named mappings and returns the end of the stack.
func namedMappings() int64 {
	var low, high int64
	for _, line := range strings.Split(string(read("/proc/self/maps")), "\n") {
		named := strings.ContainsAny(line, "/[") && !strings.Contains(line, "/memfd: (deleted)")
		if named && !strings.Contains(line, "anon") {
			fmt.Println(line)
		}
		if strings.HasSuffix(line, "[stack]") {
			fmt.Sscanf(line, "%x-%x", &low, &high)
		}
	}
	return high
}

// From behind the 16 random bytes, whose address the auxiliary vector has, to the end of the stack.
func printStackStrings(end int64) {
	auxiliary := bytes.NewReader(read("/proc/self/auxv"))
	var pair [2]int64
	for binary.Read(auxiliary, binary.LittleEndian, &pair) == nil && pair[0] != 25 {
	}
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		fmt.Println(err)
		return
	}
	text := make([]byte, end-pair[1]-16)
	got, err := memory.ReadAt(text, pair[1]+16)
	fmt.Printf("%d bytes at %x: %x %v\n", got, pair[1]+16, sha256.Sum256(text), err)
}

func callers(depth int) {
	if depth > 0 {
		callers(depth - 1)
		return
	}
	addresses := make([]uintptr, 30)
	count := runtime.Callers(0, addresses)
	frames := runtime.CallersFrames(addresses[:count])
	for {
		frame, more := frames.Next()
		fmt.Printf("%x %s\n", frame.PC, frame.Function)
		if !more {
			break
		}
	}
}

func main() {
	for _, name := range []string{"auxv", "cmdline", "environ", "comm", "limits"} {
		printHash("/proc/self/" + name)
	}
	printStackStrings(namedMappings())
	callers(5)
	descriptors, _ := os.ReadDir("/proc/self/fd")
	fmt.Println(len(descriptors) < 10, os.Args[1:], os.Getenv("HOME"))
	func() {
		defer func() { fmt.Println(recover()) }()
		var nothing *[4]int
		fmt.Println(nothing[2])
	}()
}

#!/bin/bash
# The Go compiler and linker themselves, then what they made.
# packages: golang-go
# limit: 200
export GO111MODULE=off GOCACHE=$PWD/cache GOFLAGS=-p=2 GOPATH=$PWD/gopath
cat > hello.go <<'GO'
package main

import "os"

type shape interface{ area() int }
type square struct{ s int }

func (s square) area() int { return s.s * s.s }

func main() {
	var shapes []shape
	for i := 0; i < 10; i++ {
		shapes = append(shapes, square{i})
	}
	sum := 0
	for _, s := range shapes {
		sum += s.area()
	}
	println(sum)
	os.Exit(sum % 256)
}
GO
gofmt -l hello.go
go tool compile -p main -complete -o hello.o hello.go
echo "compile: $?"
sha256sum < hello.o
printf 'package main\nfunc main() { undefined() }\n' > wrong.go
go tool compile -p main wrong.go
echo "compile: $?"

\ packages: gforth
\ run: gforth "$CASE"
: fib ( n -- n ) dup 2 < if exit then dup 1- recurse swap 2 - recurse + ;
24 fib . cr
variable found
: primes ( n -- ) 2 do 1 i 2 / 1+ 2 ?do j i mod 0= if drop 0 leave then loop found +! loop ;
2000 primes found @ . cr
: caught ['] / catch . 2drop cr ;
1 0 caught
: trouble 0 @ ; ' trouble catch . cr
create cells-of 1000 cells allot
: fill-up 1000 0 do i 7919 * 1009 mod cells-of i cells + ! loop ; fill-up
: total 0 1000 0 do cells-of i cells + @ + loop ; total . cr
2e fsqrt f. 1e 3e f/ f. cr
s" hello" type cr
: deep recurse ; ' deep catch . cr
bye

#!/usr/bin/tclsh
# packages: tcl
proc fib n { expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
puts [fib 19]
for {set i 0} {$i < 20000} {incr i} { incr count([expr {$i * 7919 % 1009}]) }
puts "[array size count] $count(7)"
puts [regexp -all {\m([0-9])\1\d*} [lmap n [lsort -integer [array names count]] {set n}]]
puts "[catch {expr {1 / 0}} message] $message"
proc gen {} { yield; for {set i 0} {1} {incr i} { yield [expr {$i * $i}] } }
coroutine c gen
puts [lmap _ {1 2 3 4 5} c]
set server [socket -server {apply {{channel args} { fconfigure $channel -buffering line; puts $channel [string toupper [gets $channel]]; close $channel }}} -myaddr 127.0.0.1 0]
set port [lindex [fconfigure $server -sockname] 2]
set client [socket -async 127.0.0.1 $port]
fconfigure $client -buffering line
fileevent $client readable {set answer [gets $client]}
puts $client hello
vwait answer
puts $answer
puts [exec sh -c {echo child; echo err >&2} 2>@ stderr]
puts [string length [expr {7 ** 2000}]] 
after 20 {puts timer; exit 4}
vwait forever

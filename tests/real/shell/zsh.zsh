#!/bin/zsh -f
# packages: zsh
zmodload zsh/mathfunc zsh/datetime zsh/regex
typeset -A count
for i in {1..5000}; do (( count[$(( i * 7919 % 13 ))]++ )); done
print -l ${(kon)count}
print ${(j:,:)${(on)${(v)count}}}
print $(( sqrt(2) )) ${(U):-hello} ${(s:,:)$(echo a,b,c)}
[[ "key=value" -regex-match '^([a-z]+)=(.*)$' ]] && print $match
print =(echo temp)(:t:s/zsh/x/:r) | wc -l
TRAPUSR1() { print usr1; return 0 }
kill -USR1 $$
diff <(print a) <(print b)
coproc { read x; print "got $x" }
print -p hello; read -p answer; print $answer
(( 1 / 0 ))
exit 7

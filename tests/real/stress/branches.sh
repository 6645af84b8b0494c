# Branches of all kinds, code spread over pages, code that is written over.
# packages: stress-ng
# run: stress-ng --quiet --verify --temp-path . --branch 1 --branch-ops 2000 --goto 1 --goto-ops 300 --longjmp 1 --longjmp-ops 4000 --funccall 1 --funccall-ops 20 --funcret 1 --funcret-ops 10 --icache 1 --icache-ops 100 --nop 1 --nop-ops 50
# limit: 90

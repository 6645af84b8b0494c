#!/bin/bash
# packages: vim-tiny vim-nox
seq 1 3000 > file
vim.nox -u NONE -i NONE -n -es file -c '%s/\v(\d)\1/<&>/g' -c 'g/7$/d' -c 'sort! n' -c 'w out' -c 'qa!' </dev/null
md5sum < out
vim.nox -u NONE -i NONE -n -es -c 'let x = system("echo child; exit 3")' -c 'call writefile([x, v:shell_error, join(map(range(10), "v:val * v:val"))], "out")' -c 'cq 5'
echo "vim: $?"
cat out
vim.tiny -u NONE -i NONE -n -es file -c 'norm! 5Gdd' -c '1,3p' -c 'wq'
wc -l < file

#!/bin/bash
# packages: git
export GIT_AUTHOR_DATE='@1 +0000' GIT_COMMITTER_DATE='@1 +0000' GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
git config --global user.name N && git config --global user.email e@example.invalid
git init -q -b main repo && cd repo || exit
for i in {1..12}; do seq $i $((i * 50)) > "file$((i % 5))"; git add .; git commit -qm "commit $i"; done
git checkout -qb side HEAD~3 && echo side > side && git add side && git commit -qm side && git checkout -q main
git merge -q side -m merge && git log --oneline --graph | head -n 6
git diff --stat HEAD~4 HEAD~2
git gc -q --aggressive && git fsck --strict
git clone -q --no-local . ../copy && git -C ../copy rev-parse HEAD
git rebase -q HEAD~2 2>&1 | head -n 2
git grep -c 7 HEAD~2 | head -n 2
git blame -s file1 | tail -n 2
git archive HEAD | sha1sum
git stash list; git bisect start -q HEAD HEAD~8 >/dev/null; git bisect run sh -c '[ "$(wc -l < file1)" -lt 300 ]' 2>/dev/null | tail -n 1
git checkout nowhere

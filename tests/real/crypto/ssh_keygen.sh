#!/bin/bash
# packages: openssh-client
for type in rsa ecdsa ed25519; do
  ssh-keygen -q -t $type -N '' -C test -f "key.$type" && ssh-keygen -l -f "key.$type" | cut -d' ' -f1,3-
done
echo data > file
ssh-keygen -q -Y sign -f key.ed25519 -n file file 2>/dev/null
echo "me $(cat key.ed25519.pub)" > signers
ssh-keygen -Y verify -f signers -I me -n file -s file.sig < file | cut -d' ' -f1-4
ssh-keygen -y -f key.ecdsa | cmp - <(cut -d' ' -f1,2 key.ecdsa.pub) || ssh-keygen -y -f key.ecdsa | wc -w
ssh-keygen -p -q -P '' -N secret -f key.rsa && ssh-keygen -y -P wrong -f key.rsa 2>/dev/null
echo "wrong: $?"
eval "$(ssh-agent -s)" >/dev/null
ssh-add -q key.ed25519 && ssh-add -l | cut -d' ' -f1,3-
kill "$SSH_AGENT_PID"

#!/bin/bash
# gpg starts its agent as a daemon and talks to it.
# packages: gnupg gpg-agent
export GNUPGHOME=$PWD/keys
mkdir -m 700 keys
gpg --batch --quiet --passphrase '' --quick-generate-key 'Test <t@example.invalid>' ed25519 default never 2>/dev/null
echo "generated: $?"
gpg --batch --list-keys --with-colons | cut -d: -f1,4,10 | grep uid
seq 1 5000 > data
gpg --batch --quiet --yes -s -o data.gpg data && gpg --batch --quiet -d data.gpg 2>/dev/null | cmp - data && echo same
gpg --batch --quiet --pinentry-mode loopback --passphrase x -c -o data.sym data
gpg --batch --quiet --pinentry-mode loopback --passphrase x -d data.sym 2>/dev/null | md5sum
gpg --batch --quiet --pinentry-mode loopback --passphrase y -d data.sym >/dev/null 2>&1
echo "wrong passphrase: $?"
gpg --print-md sha256 < data
gpgconf --kill gpg-agent

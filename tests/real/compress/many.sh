#!/bin/bash
# The same through each packer and back; tar in between; damaged input.
# packages: gzip bzip2 zstd lz4 tar zip unzip
mkdir d
seq 1 120000 > d/numbers
head -c 300000 /usr/bin/bash > d/code
ln d/code d/link
ln -s code d/soft
tar -cf d.tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner d
for packer in 'gzip -n' 'bzip2' 'zstd -q -T2 -12' 'lz4 -q -9'; do
  $packer -c < d.tar > packed
  echo "$packer: $(wc -c < packed) $(sha1sum < packed)"
  ${packer%% *} -dc < packed | cmp - d.tar && echo same
done
mkdir out && tar -xf d.tar -C out && diff -r d out/d && echo extracted
tar -tf d.tar | sort
zip -qrX z.zip d && unzip -t z.zip | tail -n 1
head -c 5000 packed | lz4 -dc 2>/dev/null | wc -c
dd if=/dev/zero of=d.tar.gz bs=10 count=1 status=none
gzip -t d.tar.gz
echo "gzip: $?"

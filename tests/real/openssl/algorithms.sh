#!/bin/bash
# Every cipher and digest of a family on the same data: the vector code that the processor allows.
# packages: openssl
head -c 1000000 /usr/bin/perl > data
key=00112233445566778899aabbccddeeff
for cipher in aes-128-ecb aes-128-cbc aes-128-ctr aes-128-cfb aes-128-ofb camellia-128-cbc aria-128-ctr; do
  echo "$cipher $(openssl enc -$cipher -K $key -iv $key -in data 2>&1 | sha1sum)"
done
echo "chacha20 $(openssl enc -chacha20 -K $key$key -iv $key -in data | sha1sum)"
for digest in sha1 sha224 sha256 sha384 sha512 sha3-256 shake256 blake2b512 blake2s256 sm3 ripemd160 md5; do
  openssl dgst -$digest data 2>&1 | tail -n 1
done
openssl mac -macopt hexkey:$key$key -in data poly1305
openssl mac -cipher aes-128-gcm -macopt hexkey:$key -macopt hexiv:$key -in data GMAC
openssl kdf -keylen 32 -kdfopt pass:x -kdfopt salt:y -kdfopt n:1024 -kdfopt r:8 -kdfopt p:2 SCRYPT
openssl prime -generate -bits 256 | wc -l
openssl prime 170141183460469231731687303715884105727
for i in rsa ed25519 x448 ec; do
  extra=; [[ $i == ec ]] && extra='-pkeyopt ec_paramgen_curve:P-256'
  openssl genpkey -algorithm $i $extra -out $i.pem 2>/dev/null && openssl pkey -in $i.pem -check -noout 2>&1
done
openssl dgst -sha256 -sign ec.pem -out signature data && openssl dgst -sha256 -prverify ec.pem -signature signature data

#!/bin/bash
# packages: openssl
# fast
seq 1 200000 > numbers
openssl dgst -sha256 numbers
openssl dgst -md5 numbers
openssl enc -aes-256-cbc -pbkdf2 -S 0011223344556677 -pass pass:x -in numbers | openssl dgst -sha512
openssl nonsense

#!/bin/bash
# Timers by SIGALRM end each measurement; several processes.
# packages: openssl
openssl speed -seconds 1 -bytes 1024 -multi 2 sha256 2>/dev/null | grep -c sha256
openssl speed -seconds 1 -bytes 256 -evp aes-128-gcm 2>/dev/null | grep -ci aes-128-gcm
openssl speed -seconds 1 ed25519 2>/dev/null | grep -c Ed25519

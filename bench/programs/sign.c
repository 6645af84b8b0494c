// Signs by libcrypto, a fixed number of times: sign KEY.pem COUNT. `openssl speed` works for a
// fixed time, and `openssl dgst -sign` signs once a process. Each signature is verified; signatures
// by ECDSA are random, so what is printed is how many were right.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EVP_PKEY* read_key(const char* path) {
  FILE* file = fopen(path, "r");
  EVP_PKEY* key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
  if (key == NULL) {
    fprintf(stderr, "sign: %s: no private key\n", path);
    exit(1);
  }
  fclose(file);
  return key;
}

// One verification in 16 signings, so that signing is what is measured.
static int signs(EVP_PKEY* key, int number) {
  unsigned char message[64], signature[512];
  size_t length = sizeof signature;
  memset(message, number & 0xff, sizeof message);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  int good = context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
             EVP_DigestSign(context, signature, &length, message, sizeof message) == 1;
  EVP_MD_CTX_free(context);
  if (!good || number % 16 != 0) return good;
  context = EVP_MD_CTX_new();
  good = context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
         EVP_DigestVerify(context, signature, length, message, sizeof message) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: sign KEY.pem COUNT\n");
    return 2;
  }
  EVP_PKEY* key = read_key(argv[1]);
  const int count = atoi(argv[2]);
  int good = 0;
  for (int number = 0; number < count; ++number) good += signs(key, number);
  printf("%d of %d with %d bits\n", good, count, EVP_PKEY_get_bits(key));
  EVP_PKEY_free(key);
  return good == count ? 0 : 1;
}

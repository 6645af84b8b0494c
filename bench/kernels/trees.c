// Allocates, walks and frees binary trees: recursion through malloc and free.
#include "kernel.h"

struct node {
  struct node *left, *right;
};

NOINLINE static struct node* make(int depth) {
  struct node* node = malloc(sizeof *node);
  if (node == NULL) abort();
  node->left = depth > 0 ? make(depth - 1) : NULL;
  node->right = depth > 0 ? make(depth - 1) : NULL;
  return node;
}

NOINLINE static uint64_t count(const struct node* node) {
  return node == NULL ? 0 : 1 + count(node->left) + count(node->right);
}

NOINLINE static void destroy(struct node* node) {
  if (node == NULL) return;
  destroy(node->left);
  destroy(node->right);
  free(node);
}

int main(int argc, char** argv) {
  uint64_t sum = 0;
  for (uint64_t i = work(argc, argv, 500); i > 0; --i) {
    struct node* tree = make(15);
    sum += count(tree);
    destroy(tree);
  }
  return report(sum);
}

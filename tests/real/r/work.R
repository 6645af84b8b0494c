# packages: r-base-core
# run: R --no-save --no-restore --no-echo --vanilla -f "$CASE"
# limit: 120
set.seed(7)
x <- rnorm(2000)
y <- 3 * x + rnorm(2000)
print(summary(lm(y ~ x)), digits = 6)
m <- matrix(runif(40000), 200)
cat(round(c(det(m[1:20, 1:20]) * 1e3, sum(solve(m) %*% m), svd(m)$d[1:3]), 6), "\n")
f <- function(n) if (n < 2) n else f(n - 1) + f(n - 2)
cat(f(18), "\n")
words <- sprintf("%x", (1:20000 * 7919) %% 4093)
print(head(sort(table(substr(words, 1, 2)), decreasing = TRUE)))
cat(sum(grepl("^([0-9a-f])\\1", words, perl = TRUE)), "\n")
print(tryCatch(stop("own"), error = function(e) conditionMessage(e), finally = cat("finally\n")))
print(unlist(parallel::mclapply(1:4, function(n) sum(rep(n, 1000)), mc.cores = 2)))
print(tryCatch({ g <- function(n) g(n + 1); g(0) }, error = function(e) "too deep", warning = function(w) "w"))
k <- function(n) { s <- 0; for (i in 1:n) s <- s + i %% 7; s }
invisible(replicate(5, k(1000)))
cat(k(100000), "\n")
system("echo child; exit 3")
quit(status = 5)

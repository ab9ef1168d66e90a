/**
 * The arguments of Deno for a bundled program, before its permissions. Functions are compiled when they are first called:
 * with V8's `--no-lazy` the compiled code of all of them was kept and read at each start, for no less CPU until a service
 * was ready, and 6 to 9 MB more in each.
 */
export const bundledFlags = [
  "--no-config",
  "--no-lock",
  // Else the first `new Error` compiles the whole file again, to know at which line it stands
  "--v8-flags=--no-enable-lazy-source-positions",
]

/** The arguments of Deno for a bundled program, before its permissions. */
export const bundledFlags = [
  "--no-config",
  "--no-lock",
  // Else the first `new Error` compiles the whole file again, to know at which line it stands
  "--v8-flags=--no-enable-lazy-source-positions",
]

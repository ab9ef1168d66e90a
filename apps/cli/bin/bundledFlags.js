/** The arguments of Deno for a bundled program, before its permissions. */
export const bundledFlags = [
  "--no-config",
  "--no-lock",
  "--v8-flags=" + [
    // Else the first `new Error` compiles the whole file again, to know at which line it stands
    "--no-enable-lazy-source-positions",
    // Deno keeps what is compiled as a module loads; what is compiled later, function by function, it compiles at every start
    "--no-lazy",
  ].join(),
]

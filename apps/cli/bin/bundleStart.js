// Runs before everything else in a bundle. Whoever asks for a stack while modules are evaluated (effect does, to learn about
// the runtime) makes Deno read a source map of some MB; so there are none until that is over.
const limit = Error.stackTraceLimit
Error.stackTraceLimit = 0
queueMicrotask(() => Error.stackTraceLimit = limit)

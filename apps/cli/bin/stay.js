// Loaded by warmUp.js before a program that ends at once. Deno keeps the compiled code of a process that ends by itself alone.
Deno.exit = () => {
  throw new Error("here the program ends")
}

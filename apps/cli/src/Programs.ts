/** The bundled programs of the stack, for whoever starts services as the launcher does. */
export { programs } from "../bin/programs.js"

import type { Command } from "../Command.ts"

/** `stint completions`: what a shell needs to complete a command line. */
export const completions: Command = {
  about: "Prints what a shell needs to complete the commands of stint.",
  actions: {
    bash: { about: "for ~/.bashrc: source <(stint completions bash)" },
    zsh: { about: "for ~/.zshrc, after compinit: source <(stint completions zsh)" },
    fish: { about: "for ~/.config/fish/config.fish: stint completions fish | source" },
  },
  flags: {},
  run: async ({ action }, io) => {
    const [{ completionsFor }, { loadAll }] = await Promise.all([import("../Completions.ts"), import("./All.ts")])
    const script = completionsFor(action as "bash" | "zsh" | "fish", await loadAll())
    for (const line of script.split("\n")) io.out(line)
    return 0
  },
}

/** Mantine's theme: its components take the tokens of tokens.css, so that a colour has one name in the whole console. */
import {
  createTheme,
  type CSSVariablesResolver,
  localStorageColorSchemeManager,
  type MantineColorsTuple,
} from "@mantine/core"

const accent: MantineColorsTuple = [
  "#edf1ff",
  "#dbe3ff",
  "#bac8ff",
  "#91a7ff",
  "#8ea6ff",
  "#5c7cfa",
  "#4c6ef5",
  "#4263eb",
  "#3b5bdb",
  "#364fc7",
]

/** The theme of all components. */
export const theme = createTheme({
  colors: { accent },
  primaryColor: "accent",
  primaryShade: { light: 8, dark: 4 },
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", sans-serif',
  fontSizes: { xs: "12px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  defaultRadius: "8px",
  cursorType: "pointer",
  respectReducedMotion: true,
})

const variables = {
  "--mantine-color-body": "var(--bg)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--dim)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-placeholder": "var(--faint)",
  "--mantine-color-default": "var(--card)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-default-hover": "var(--bg)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-accent-filled": "var(--accent)",
  "--mantine-color-accent-filled-hover": "color-mix(in srgb, var(--accent) 90%, var(--text))",
  "--mantine-color-red-filled": "var(--bad)",
  "--mantine-color-red-filled-hover": "color-mix(in srgb, var(--bad) 90%, var(--text))",
}

/** The variables of Mantine, by the tokens. */
export const resolver: CSSVariablesResolver = () => ({ variables, light: variables, dark: variables })

/** Where a reader's choice of theme is kept; public/theme.js reads the same key before the first paint. */
export const colorSchemes = localStorageColorSchemeManager({ key: "stint-color-scheme" })

// Before the first paint: a reader who chose a theme does not see the other one flash.
try {
  const chosen = localStorage.getItem("stint-color-scheme")
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.setAttribute("data-mantine-color-scheme", chosen)
  }
} catch { /* no storage: the system's theme holds */ }

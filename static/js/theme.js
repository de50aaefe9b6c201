// Runs before the page is drawn: a reader who follows the system gets its colours; paper is always light.
(() => {
  const root = document.documentElement;
  const chosen = root.dataset.theme;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const night = chosen === "dark" || (chosen === "auto" && dark.matches);
    root.setAttribute("data-bs-theme", night ? "dark" : "light");
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("beforeprint", () => root.setAttribute("data-bs-theme", "light"));
  addEventListener("afterprint", apply);
})();

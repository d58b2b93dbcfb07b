// The theme's buttons that open a part of the table of contents have no words for a screen reader: they get them here.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".toctree-l1 summary")) {
    const page = button.closest("li").querySelector("a");
    button.setAttribute("aria-label", `Pages under ${page.textContent.trim()}`);
  }
});

"use strict";
(() => {
  const said = document.getElementById("said");
  const say = (text) => { said.textContent = text; };
  document.documentElement.classList.add("script");
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", async () => {
      const from = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(from.textContent);
        say("Copied.");
      } catch {
        for (let fold = from.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
        getSelection().selectAllChildren(from);
        say("Selected: copy it with the keyboard.");
      }
    });
  }
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => {
      const text = document.getElementById("clearway-report").textContent;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = button.dataset.save;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
  const listed = [...document.querySelectorAll(".falls > li")];
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      const list = document.querySelector(".falls");
      const by = button.dataset.sort;
      const down = by === "time" ? -1 : 1;
      const rows = by === "list" ? listed : listed.toSorted((a, b) => down * (a.dataset[by] - b.dataset[by]));
      list.append(...rows);
      say("Sorted by " + by + ".");
    });
  }
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("tr.blocked + tr.more details")) fold.open = true;
  });
})();

"use strict";
(() => {
  const table = document.querySelector("#all table");
  if (!table) return;
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const text = document.querySelector("#text");
  const status = document.querySelector("#status");
  const project = document.querySelector("#project");
  const shown = document.querySelector("#shown");
  const statuses = [...status.options].map((option) => option.value); // the worst first

  const value = (row, column) => {
    if (column === 0) return statuses.indexOf(row.dataset.s);
    const cell = row.cells[column];
    const text = cell.dataset.v ?? cell.textContent.trim().toLowerCase();
    return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
  };
  // What has no value comes last, whichever way the others go.
  const compare = (a, b, direction) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return direction * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
  };

  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
      const keyed = rows.map((row) => [value(row, column), row]);
      keyed.sort(([a], [b]) => compare(a, b, direction));
      body.append(...keyed.map(([, row]) => row));
    });
  });

  const haystack = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const fits =
        (!status.value || row.dataset.s === status.value) &&
        (!project.value || row.cells[2].textContent.trim() === project.value) &&
        words.every((word) => haystack.get(row).includes(word));
      row.hidden = !fits;
      count += fits;
    }
    shown.value = `${count} of ${rows.length} shown`;
  };
  for (const name of [...new Set(rows.map((row) => row.cells[2].textContent.trim()))].sort()) {
    project.add(new Option(name, name));
  }
  [text, status, project].forEach((control) => control.addEventListener("input", filter));
  document.querySelector(".controls").hidden = false;
  filter();

  // A link to a workspace opens it, however deep it is folded.
  const unfold = () => {
    let target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (const start = target; target; target = target.parentElement) {
      if (target.tagName === "DETAILS") target.open = true;
      if (target === document.body) start.scrollIntoView();
    }
  };
  addEventListener("hashchange", unfold);
  unfold();

  // A paper cannot be unfolded.
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.evidence)").forEach((fold) => { fold.open = true; }));
})();

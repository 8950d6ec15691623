"use strict";
// Sorting, filtering and copying; without this script the tables stand as they are.
(() => {
  const text = new Intl.Collator("en", { numeric: true });

  const textOf = (cell) => cell.textContent.trim();
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  // numbers before words, so that what is not estimable comes last in either direction
  function compare(a, b, direction) {
    const x = a.dataset.order, y = b.dataset.order;
    if (x !== undefined && y !== undefined) return direction * (Number(x) - Number(y));
    if (x !== undefined || y !== undefined) return x !== undefined ? -1 : 1;
    return direction * text.compare(textOf(a), textOf(b));
  }

  function sortBy(table, header) {
    const direction = header.ariaSort === "ascending" ? -1 : 1;
    const body = table.tBodies[0];
    const sorted = [...body.rows].sort((a, b) =>
      compare(a.cells[header.cellIndex], b.cells[header.cellIndex], direction));
    for (const other of header.parentNode.cells) other.ariaSort = null;
    header.ariaSort = direction > 0 ? "ascending" : "descending";
    body.append(...sorted);
  }

  function makeSortable(table) {
    for (const header of table.tHead.rows[0].cells) {
      const title = header.firstChild; // the unit that may follow stays beside the button
      const button = make("button", { type: "button", textContent: title.textContent });
      button.addEventListener("click", () => sortBy(table, header));
      title.replaceWith(button);
    }
  }

  function chooser(title, values, onchange) {
    const select = make("select", { onchange });
    select.append(make("option", { value: "", textContent: "all" }));
    for (const value of values) select.append(make("option", { value, textContent: value }));
    const label = make("label", { textContent: `${title} ` });
    label.append(select);
    return { label, select };
  }

  function makeFilterable(table) {
    const headers = [...table.tHead.rows[0].cells].filter((h) => "filter" in h.dataset);
    if (!headers.length) return;
    const rows = [...table.tBodies[0].rows];
    const count = make("output", {});
    const filters = headers.map((header) => {
      const column = header.cellIndex;
      const values = [...new Set(rows.map((row) => textOf(row.cells[column])))];
      return { column, ...chooser(header.firstChild.textContent, values, apply) };
    });

    function apply() {
      for (const row of rows) {
        row.hidden = filters.some(({ column, select }) =>
          select.value && textOf(row.cells[column]) !== select.value);
      }
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = `${shown} of ${rows.length} rows`;
    }

    const bar = make("div", { className: "filters" });
    bar.append(...filters.map(({ label }) => label), count);
    table.closest(".table").prepend(bar);
    apply();
  }

  function makeCopyable(block) {
    const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Selected: press Ctrl+C";
      }
    });
    block.before(button);
  }

  for (const table of document.querySelectorAll("table.data")) {
    makeFilterable(table);
    makeSortable(table);
  }
  document.querySelectorAll(".copyable").forEach(makeCopyable);
})();

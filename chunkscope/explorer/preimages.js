"use strict";
// Draws for one query at a time. A view has an address: #preimage/run/site@point/query
(() => {
  const { make, fixed, look } = VIEWS;
  const FULL = 50; // hundredths of probability that have full colour
  const STATUSES = { retained: "Retained", partly: "Partly", free: "Free", "not estimable": "Not estimable" };

  const data = JSON.parse(document.getElementById("preimages-data").textContent);
  const radius = `ε = ${data.radius}`;
  const signed = (hundredths) => (hundredths > 0 ? "+" : "") + fixed(hundredths / 100);

  const rows = make("tbody", {});
  const kept = make("aside", {});
  const caution = make("p", { className: "caution" });

  function tint(element, hundredths) {
    element.classList.add("symbol", hundredths < 0 ? "less" : "more");
    element.style.setProperty("--told", `${Math.min(100, (100 * Math.abs(hundredths)) / FULL)}%`);
    return element;
  }

  function symbolCell(symbol, hundredths, isRead) {
    const title = `${signed(hundredths)}${isRead ? ", read here" : ""}`;
    const cell = make("span", { textContent: symbol, title });
    cell.classList.toggle("read", isRead);
    return tint(cell, hundredths);
  }

  function distanceCell(distance) {
    const near = distance > 0 && distance < 0.001;
    return make("td", { className: "num", textContent: near ? "< 0.001" : distance?.toFixed(3) ?? "—" });
  }

  function bar(distance) { // to twice the radius, which a tick marks
    const filled = make("span", { className: "bar" });
    filled.style.width = `${100 * Math.min(1, (distance ?? Infinity) / (2 * data.radius))}%`;
    return make("span", { className: "track" }, filled);
  }

  function drawRow([distance, , at, symbols, told], rank) {
    const numbers = told.split(" ").map(Number);
    const cells = symbols.split(" ").map((symbol, i) => symbolCell(symbol, numbers[i], i === at));
    const input = make("td", {}, make("span", { className: "symbols" }, ...cells));
    return rank
      ? make("tr", {}, distanceCell(distance), make("td", {}, bar(distance)), input)
      : make("tr", { className: "query" }, make("td", { colSpan: 2, textContent: "query" }), input);
  }

  function drawRows(draws) { // the query, what lies within, a line, what lies beyond
    const drawn = draws.map(drawRow);
    const beyond = draws.findIndex(([, inside]) => !inside);
    const line = make("tr", { className: "line" }, make("td", { colSpan: 3, textContent: radius }));
    drawn.splice(beyond < 0 ? drawn.length : beyond, 0, line);
    return drawn;
  }

  function keptLists(lists) {
    const some = Object.entries(lists).filter(([, features]) => features.length);
    const said = some.length
      ? ", over all queries of the same network: 0 is chance, 1 all members."
      : " was not measured.";
    const items = (features) => features.map(([name, share]) => make("li", {}, name,
      make("span", { className: "source", textContent: share === null ? "" : ` ${fixed(share)}` })));
    return [
      make("p", { className: "source", textContent: `What balls of ${radius} keep here${said}` }),
      ...some.flatMap(([status, features]) =>
        [make("h4", { textContent: STATUSES[status] }), make("ul", {}, ...items(features))]),
    ];
  }

  function doubt([, precision, coverage]) {
    const seen = precision === null ? "no ball could be scored"
      : `${fixed(precision)} of draws lie in the ball, and they cover ${fixed(coverage)} of what as many from the ball itself would`;
    return `Draws are not trusted at this site: on validation queries ${seen}. What balls keep does not depend on them.`;
  }

  function legend() {
    const cells = [-FULL, -FULL / 2, 0, FULL / 2, FULL].map((hundredths) =>
      tint(make("span", { textContent: signed(hundredths) }), hundredths));
    return make("p", { className: "source" },
      "Colour: how much likelier the decoder finds a symbol when told the activity ",
      make("span", { className: "symbols" }, ...cells),
      " Boxed: the symbol at which the activity is read. Bars end at 2\u00a0ε.");
  }

  function show([, place, query]) {
    caution.hidden = place.trusted === null || Boolean(place.trusted[0]);
    caution.textContent = caution.hidden ? "" : doubt(place.trusted);
    rows.replaceChildren(...drawRows(query.draws));
    kept.replaceChildren(...keptLists(place.kept));
  }

  look({
    viewer: document.getElementById("preimages"),
    kind: "preimage",
    levels: [["run", () => data.runs], ["site", (run) => run.places], ["query", (place) => place.queries]],
    show,
    parts: [
      legend(),
      caution,
      make("div", { className: "shown" },
        make("table", { ariaLabel: "Draws, the nearest first" }, rows), kept),
    ],
  });
})();

"use strict";
// Draws for one query at a time. A view has an address: #preimage/run/site@point/query
(() => {
  const FULL = 50; // hundredths of probability that have full colour
  const LEVELS = ["run", "site", "query"];
  const STATUSES = { retained: "Retained", partly: "Partly", free: "Free", "not estimable": "Not estimable" };

  const data = JSON.parse(document.getElementById("preimages-data").textContent);
  const viewer = document.getElementById("preimages");
  const radius = `ε = ${data.radius}`;
  let current; // the names of what is shown, one of each level

  const make = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const fixed = (value) => (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "−");
  const signed = (hundredths) => (hundredths > 0 ? "+" : "") + fixed(hundredths / 100);

  // where one is

  const named = (list, name) => list.find((item) => item.name === name) ?? list[0];

  function find([first, second, third]) { // what is not there is the first there is
    const run = named(data.runs, first), place = named(run.places, second);
    return [run, place, named(place.queries, third)];
  }

  const addressOf = (names) =>
    `#preimage/${names.map((name) => encodeURIComponent(name).replaceAll("%40", "@")).join("/")}`;

  function namesIn(hash) {
    try {
      const [kind, ...names] = hash.slice(1).split("/").map(decodeURIComponent);
      return kind === "preimage" ? names : null;
    } catch {
      return null; // none of our addresses
    }
  }

  // what stands there

  const onchange = () => go(selects.map(({ value }) => value));
  const selects = LEVELS.map(() => make("select", { onchange }));
  const turn = (by, textContent, title) =>
    make("button", { type: "button", textContent, title, ariaLabel: title, onclick: () => step(by) });
  const count = make("output", {});
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

  function show([run, place, query]) {
    const chosen = [run, place, query];
    current = chosen.map(({ name }) => name);
    [data.runs, run.places, place.queries].forEach((list, level) => {
      const options = list.map(({ name }) => make("option", { value: name, textContent: name }));
      selects[level].replaceChildren(...options);
      selects[level].value = current[level];
    });
    count.textContent = `${place.queries.indexOf(query) + 1} of ${place.queries.length}`;
    caution.hidden = place.trusted === null || Boolean(place.trusted[0]);
    caution.textContent = caution.hidden ? "" : doubt(place.trusted);
    rows.replaceChildren(...drawRows(query.draws));
    kept.replaceChildren(...keptLists(place.kept));
  }

  // moving

  function go(names) {
    show(find(names));
    history.replaceState(null, "", addressOf(current));
  }

  function step(by) {
    const [run, place, query] = find(current), all = place.queries;
    go([run.name, place.name, all[(all.indexOf(query) + by + all.length) % all.length].name]);
  }

  function arrive() {
    const names = namesIn(location.hash);
    if (!names && current) return; // on the way to somewhere else on the page
    show(find(names ?? []));
    if (!names) return;
    if (names.some((name, level) => name !== current[level])) count.prepend("no such address: this is ");
    viewer.focus({ preventScroll: true });
    viewer.scrollIntoView();
  }

  viewer.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select")) return;
    event.preventDefault();
    step(by);
  });
  addEventListener("hashchange", arrive);

  viewer.append(
    make("div", { className: "filters" },
      ...selects.map((select, level) => make("label", {}, `${LEVELS[level]} `, select)),
      turn(-1, "←", "previous query"), turn(1, "→", "next query"), count),
    legend(),
    caution,
    make("div", { className: "shown" },
      make("table", { ariaLabel: "Draws, the nearest first" }, rows), kept));
  viewer.hidden = false;
  arrive();
})();

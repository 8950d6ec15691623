"use strict";
// Units one at a time: what they do, what is said of them, their scores. A view: #unit/run/site/number
(() => {
  const { make, fixed, look } = VIEWS;
  const BLANK = { " ": "·", "\n": "↵", "\t": "⇥" };
  const BLANKS = /([ \n\t]+)/;

  const data = JSON.parse(document.getElementById("units-data").textContent);
  const facts = make("p", { className: "facts" });
  const caution = make("p", {
    className: "caution", textContent: "It did nothing at all in the documents that explain it.",
  });
  const excerpts = make("div", {});
  const told = make("div", {});
  const scores = make("div", {});

  const score = (value) => (value === null ? "—" : fixed(value));
  const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

  // excerpts

  function tint(element, hundredths) {
    element.style.setProperty("--told", `${Math.max(0, hundredths)}%`);
    return element;
  }

  function written(symbol) { // what cannot be seen is drawn, faintly
    return symbol.split(BLANKS).filter(Boolean).map((part) => part[0] in BLANK
      ? make("span", { className: "blank", textContent: Array.from(part, (one) => BLANK[one]).join("") })
      : part);
  }

  function token(symbol, hundredths) {
    const title = `${hundredths}`.replace("-", "−");
    return tint(make("span", { className: "token", title }, ...written(symbol)), hundredths);
  }

  function excerpt(symbols, activity, marked) {
    const most = Math.max(...activity);
    const text = make("span", { className: "text" });
    symbols.forEach((symbol, at) => {
      const drawn = token(symbol, activity[at]);
      drawn.classList.toggle("peak", marked && activity[at] === most);
      if (symbol[0] in BLANK) text.append(make("wbr", {})); // lines break between words
      text.append(drawn);
    });
    return make("li", {}, make("span", { className: "most", textContent: `${most}`.replace("-", "−") }), text);
  }

  function excerptLists(run, unit) {
    const list = (items) => make("ul", { className: "excerpts" }, ...items);
    const top = unit.top.map(({ symbols, activity }) => excerpt(symbols, activity, true));
    return [
      make("h4", { textContent: "Most active" }),
      top.length ? list(top) : make("p", { textContent: "It is active nowhere in these documents." }),
      make("h4", { textContent: "Drawn by chance, the same for all units of the run" }),
      list(run.chance.map((symbols, at) => excerpt(symbols, unit.chance[at], false))),
    ];
  }

  // what is said

  function byExplainer(unit) { // explainer -> what it says, from one choice of excerpts after the other
    const found = new Map();
    for (const one of unit.explanations) found.set(one.explainer, [...(found.get(one.explainer) ?? []), one]);
    return [...found];
  }

  function explanation(run, { length, sentence, scores }) {
    const seen = run.protocols.filter((protocol) => protocol in scores).join(", ");
    const source = ` ${length} ${length === 1 ? "part" : "parts"}, from ${seen}`;
    return make("p", {}, sentence, make("span", { className: "source", textContent: source }));
  }

  function saidLists(run, unit) {
    return byExplainer(unit).map(([explainer, said]) => make("div", { className: "by" },
      make("h5", { textContent: explainer }), ...said.map((one) => explanation(run, one))));
  }

  function breakable(name) { // names of protocols are long for a narrow column
    return name.split(/(?<=_)/).flatMap((part) => [part, make("wbr", {})]);
  }

  function scoreTable(run, unit) {
    const rows = byExplainer(unit).map(([explainer, said]) =>
      [explainer, Object.assign({}, ...said.map(({ scores }) => scores))]);
    const head = (...names) => make("tr", {}, ...names.map((name, at) =>
      make("th", { scope: "col", className: at ? "num" : "" }, ...breakable(name))));
    const cell = ([own, another] = [null, null]) => make("td", { className: "num" }, score(own),
      make("span", { className: "another", textContent: score(another) }));
    return make("table", { ariaLabel: "Correlations of explanations" },
      make("thead", {}, head("", ...run.protocols)),
      make("tbody", {}, ...rows.map(([explainer, scores]) => make("tr", {},
        make("th", { scope: "row", textContent: explainer }),
        ...run.protocols.map((protocol) => cell(scores[protocol]))))));
  }

  function legend() {
    const cells = [0, 25, 50, 75, 100].map((hundredths) => token(`${hundredths}`, hundredths));
    return make("p", { className: "source" },
      "Colour: activity, in hundredths of the most that the unit did in the documents that it is scored on ",
      make("span", { className: "scale" }, ...cells),
      " Boxed: where it is most active. The number before an excerpt is the most in it. ",
      make("span", { className: "blank", textContent: "·" }), " is a space, ",
      make("span", { className: "blank", textContent: "↵" }), " a line break.");
  }

  function show([run, site, unit]) {
    const ranking = unit.explanations.find(({ explainer, scores }) =>
      explainer === run.explainer && run.protocol in scores).scores[run.protocol][0];
    const share = unit.token_share === null ? ""
      : ` The mean at the current symbol alone has an R² of ${fixed(unit.token_share)}.`;
    const label = unit.label === null ? ""
      : ` Of all exact labels it comes nearest to ${unit.label.name}${unit.label.less ? ", where it is less active" : ""}:`
        + ` a correlation of ${score(unit.label.pearson)} where the label was not chosen.`;
    const none = site.unscored ? ` (${site.unscored} of them have none)` : "";
    const ranked = (ranking === null ? "none" : fixed(ranking)) + none;
    const code = (textContent) => make("code", { textContent });
    facts.replaceChildren(
      make("b", { textContent: `Rank ${unit.rank} of ${site.units}` }),
      " by the score of ", code(run.explainer), " under ", code(run.protocol), `: ${ranked}. `,
      `It is active on ${percent(unit.active)} of symbols.${share}${label}`);
    caution.hidden = !unit.dead;
    excerpts.replaceChildren(...excerptLists(run, unit));
    told.replaceChildren(...saidLists(run, unit));
    scores.replaceChildren(scoreTable(run, unit));
  }

  const titled = (className, title, ...children) =>
    make("div", { className }, make("h4", { textContent: title }), ...children);
  look({
    viewer: document.getElementById("units"),
    kind: "unit",
    levels: [["run", () => data.runs], ["site", (run) => run.sites], ["unit", (site) => site.shown]],
    label: (item, level) => (level === 2 ? `rank ${item.rank}: unit ${item.name}` : item.name),
    show,
    parts: [legend(), facts, caution, make("div", { className: "shown" },
      excerpts,
      titled("said", "What is said of it", told),
      titled("scored", "Correlation with what it does", scores,
        make("p", { className: "source", textContent: "Fainter: another unit's explanation in its place." })))],
  });
})();
